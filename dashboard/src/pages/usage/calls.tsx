import type { UsageCall } from '@keyloft/sdk'
import { Anchor, Badge, Button, Card, Group, Select, Table, Text, Title } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { callsQuery, keysQuery, tokensQuery } from '../../api/queries.ts'
import { Amount } from '../../parts/amount.tsx'
import { Moment } from '../../parts/moment.tsx'
import { Empty, Loading, Shown } from '../../parts/states.tsx'
import { type Filters, outcomes, toCallFilter } from './filters.ts'

const perPage = 25

interface Calls {
  filters: Filters
  from: string | null | undefined
  change: (changed: { [Name in keyof Filters]?: Filters[Name] | undefined }) => void
}

export function Calls({ filters, from, change }: Calls) {
  const filter = toCallFilter(filters, from)
  const [pages, setPages] = useState<{ of: string; cursors: string[] }>({ of: '', cursors: [] })
  const of = JSON.stringify(filter)
  const cursors = pages.of === of ? pages.cursors : []
  const cursor = cursors.at(-1)
  const calls = useQuery({ ...callsQuery({ ...filter, limit: perPage, ...(cursor ? { cursor } : {}) }), placeholderData: keepPreviousData })
  const keys = useQuery(keysQuery)
  const tokens = useQuery(tokensQuery)
  return (
    <section aria-labelledby="calls">
      <Group justify="space-between" align="flex-end" mb="xs">
        <Title order={2} id="calls">
          Calls
        </Title>
        <Group gap="xs">
          <Select
            size="xs"
            w={130}
            aria-label="Outcome"
            placeholder="any outcome"
            clearable
            data={[...outcomes]}
            value={filters.outcome ?? null}
            onChange={(outcome) => change({ outcome: (outcome as Filters['outcome']) ?? undefined })}
          />
          <Select
            size="xs"
            w={150}
            aria-label="Key"
            placeholder="any key"
            clearable
            data={(keys.data?.items ?? []).map((key) => ({
              value: key.id,
              label: `${key.provider} ${key.keyName || `•••• ${key.keyHint}`}`,
            }))}
            value={filters.key ?? null}
            onChange={(key) => change({ key: key ?? undefined })}
          />
          <Select
            size="xs"
            w={150}
            aria-label="Token"
            placeholder="any token"
            clearable
            data={(tokens.data?.items ?? []).map(({ id, name }) => ({ value: id, label: name }))}
            value={filters.token ?? null}
            onChange={(token) => change({ token: token ?? undefined })}
          />
        </Group>
      </Group>
      <Shown query={calls} loading={<Loading rows={6} />}>
        {({ items, nextCursor }) =>
          items.length === 0 ? (
            <Empty
              icon="chart"
              title="No calls here"
              action={
                <Button component={Link} to="/" size="xs" variant="default">
                  How to make one
                </Button>
              }
            >
              {of === '{}' ? 'Nothing was called yet.' : 'None that these filters leave. A new one shows up by itself.'}
            </Empty>
          ) : (
            <>
              <Card p={0}>
                <Table.ScrollContainer minWidth={760}>
                  <Table>
                    <Table.Thead>
                      <Table.Tr>
                        <Table.Th>When</Table.Th>
                        <Table.Th>Model</Table.Th>
                        <Table.Th>Provider</Table.Th>
                        <Table.Th>Outcome</Table.Th>
                        <Table.Th ta="right">First byte</Table.Th>
                        <Table.Th ta="right">In</Table.Th>
                        <Table.Th ta="right">Out</Table.Th>
                        <Table.Th ta="right">Cost</Table.Th>
                      </Table.Tr>
                    </Table.Thead>
                    <Table.Tbody>
                      {items.map((call) => (
                        <Row key={call.id} call={call} />
                      ))}
                    </Table.Tbody>
                  </Table>
                </Table.ScrollContainer>
              </Card>
              <Group justify="flex-end" mt="xs" gap="xs">
                {cursors.length > 0 && (
                  <Button size="xs" variant="default" onClick={() => setPages({ of, cursors: cursors.slice(0, -1) })}>
                    Newer
                  </Button>
                )}
                {nextCursor && (
                  <Button size="xs" variant="default" onClick={() => setPages({ of, cursors: [...cursors, nextCursor] })}>
                    Older
                  </Button>
                )}
              </Group>
            </>
          )
        }
      </Shown>
    </section>
  )
}

function Row({ call: { id, startedAt, model, provider, outcome, firstByteMs, tokens, costUsd } }: { call: UsageCall }) {
  return (
    <Table.Tr>
      <Table.Td>
        <Anchor component={Link} to={`/usage/${id}`} size="sm">
          <Moment at={startedAt} />
        </Anchor>
      </Table.Td>
      <Table.Td>{model}</Table.Td>
      <Table.Td>{provider}</Table.Td>
      <Table.Td>
        <Outcome of={outcome} />
      </Table.Td>
      <Table.Td ta="right">
        <Text span inherit c={firstByteMs === null ? 'dimmed' : undefined}>
          {firstByteMs === null ? '–' : `${firstByteMs.toLocaleString()} ms`}
        </Text>
      </Table.Td>
      <Table.Td ta="right">{tokens.input.toLocaleString()}</Table.Td>
      <Table.Td ta="right">{tokens.output.toLocaleString()}</Table.Td>
      <Table.Td ta="right">
        <Amount usd={costUsd} />
      </Table.Td>
    </Table.Tr>
  )
}

const outcomeColors: Record<UsageCall['outcome'], string> = { completed: 'teal', failed: 'red', aborted: 'yellow', presumed: 'gray' }

export const Outcome = ({ of }: { of: UsageCall['outcome'] }) => <Badge color={outcomeColors[of]}>{of}</Badge>
