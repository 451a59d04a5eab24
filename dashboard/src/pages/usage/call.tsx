import type { UsageCallDetail } from '@keyloft/sdk'
import { Anchor, Card, Code, Group, SimpleGrid, Stack, Table, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { callQuery, keysQuery } from '../../api/queries.ts'
import { Amount } from '../../parts/amount.tsx'
import { Moment } from '../../parts/moment.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { Shown } from '../../parts/states.tsx'
import { Outcome } from './calls.tsx'

/** One call: how its key was chosen, what was tried, what each part cost. */
export default function CallPage() {
  const { id = '' } = useParams({ strict: false }) as { id?: string }
  const call = useQuery(callQuery(id))
  return (
    <>
      <Anchor component={Link} to="/usage" size="sm">
        Usage
      </Anchor>
      <PageHead title={call.data ? `Call to ${call.data.model}` : 'A call'} />
      <Shown query={call}>{(detail) => <Trace of={detail} />}</Shown>
    </>
  )
}

function Trace({ of: call }: { of: UsageCallDetail }) {
  const keys = useQuery(keysQuery)
  const key = keys.data?.items.find(({ id }) => id === call.keyId)
  return (
    <Stack gap="lg">
      <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="md">
        <Fact label="Cost">
          <Amount usd={call.costUsd} />
        </Fact>
        <Fact label="Outcome">
          <Outcome of={call.outcome} />
        </Fact>
        <Fact label="Begun">
          <Moment at={call.startedAt} />
        </Fact>
        <Fact label="Took">
          {call.endedAt ? `${(Date.parse(call.endedAt) - Date.parse(call.startedAt)).toLocaleString()} ms` : 'under way'}
        </Fact>
        <Fact label="Provider">{call.provider}</Fact>
        <Fact label="Key">
          {call.credentialSource}
          {key && <Code ml={6}>{key.keyName || `•••• ${key.keyHint}`}</Code>}
        </Fact>
        <Fact label="First byte">{call.firstByteMs === null ? '–' : `${call.firstByteMs.toLocaleString()} ms`}</Fact>
        <Fact label="Usage">{basisNames[call.usageBasis]}</Fact>
      </SimpleGrid>

      <Section title="What it cost">
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>What</Table.Th>
              <Table.Th ta="right">Quantity</Table.Th>
              <Table.Th ta="right">Rate</Table.Th>
              <Table.Th ta="right">Cost</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {call.costLines.map(({ what, quantity, rateUsd, per, costUsd }) => (
              <Table.Tr key={what}>
                <Table.Td>{what}</Table.Td>
                <Table.Td ta="right">{quantity?.toLocaleString() ?? '–'}</Table.Td>
                <Table.Td ta="right">
                  {rateUsd === null ? '–' : <Amount usd={rateUsd} />}
                  {rateUsd !== null && per !== 1 && ` per ${per.toLocaleString()}`}
                </Table.Td>
                <Table.Td ta="right">
                  <Amount usd={costUsd} />
                </Table.Td>
              </Table.Tr>
            ))}
            {call.costLines.length === 0 && (
              <Table.Tr>
                <Table.Td colSpan={4}>Nothing that costs.</Table.Td>
              </Table.Tr>
            )}
          </Table.Tbody>
        </Table>
      </Section>

      <Section title="How its key was chosen">
        <Table>
          <Table.Tbody>
            {decisionsOf(call).map(({ source, provider, key: keyId, model, verdict }, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a record in its order
              <Table.Tr key={index}>
                <Table.Td c="dimmed">{index + 1}</Table.Td>
                <Table.Td>{source}</Table.Td>
                <Table.Td>{provider}</Table.Td>
                <Table.Td>{keys.data?.items.find(({ id }) => id === keyId)?.keyHint ?? ''}</Table.Td>
                <Table.Td>{model}</Table.Td>
                <Table.Td fw={verdict === 'chosen' ? 600 : undefined}>{verdict}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Section>

      {call.attempts.length > 1 && (
        <Section title="Attempts">
          <Table>
            <Table.Tbody>
              {call.attempts.map((attempt, index) => (
                <Table.Tr key={attempt.id}>
                  <Table.Td c="dimmed">{index + 1}</Table.Td>
                  <Table.Td>
                    {attempt.id === call.id ? (
                      'this one'
                    ) : (
                      <Anchor component={Link} to={`/usage/${attempt.id}`} size="sm">
                        <Moment at={attempt.startedAt} />
                      </Anchor>
                    )}
                  </Table.Td>
                  <Table.Td>{attempt.provider}</Table.Td>
                  <Table.Td>{attempt.status ?? '–'}</Table.Td>
                  <Table.Td>
                    <Outcome of={attempt.outcome} />
                  </Table.Td>
                  <Table.Td ta="right">
                    <Amount usd={attempt.costUsd} />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Section>
      )}

      <Group gap="lg">
        <Text size="xs" c="dimmed">
          Call <Code>{call.id}</Code>
        </Text>
        <Text size="xs" c="dimmed">
          Request <Code>{call.requestId}</Code>
        </Text>
      </Group>
    </Stack>
  )
}

const basisNames: Record<UsageCallDetail['usageBasis'], string> = {
  reported: 'told by the provider',
  estimated: 'estimated',
  none: 'nothing used',
  unknown: 'nobody knows',
}

interface Decision {
  source?: string
  provider?: string
  key?: string
  model?: string
  verdict?: string
}

/** A list in every version so far; of another form, nothing is shown. */
const decisionsOf = ({ decisions }: UsageCallDetail): Decision[] => (Array.isArray(decisions) ? decisions : [])

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <Text size="xs" c="dimmed">
        {label}
      </Text>
      <Text size="sm" component="div">
        {children}
      </Text>
    </div>
  )
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title}>
      <Title order={2} mb="xs">
        {title}
      </Title>
      <Card p={0}>
        <Table.ScrollContainer minWidth={480}>{children}</Table.ScrollContainer>
      </Card>
    </section>
  )
}
