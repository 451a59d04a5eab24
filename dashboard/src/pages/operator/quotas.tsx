import type { ReplyOf } from '@keyloft/sdk'
import { Badge, Button, Card, Group, Stack, Table, Text, TextInput, Title } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { keyloft } from '../../api/client.ts'
import { Amount } from '../../parts/amount.tsx'
import { useFilters } from '../../parts/filters.ts'
import { Moment } from '../../parts/moment.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { Empty, Loading, Shown } from '../../parts/states.tsx'
import styles from './operator.module.css'
import { CostOf, PlatformLimits, usedOf } from './platform-limits.tsx'
import { type Limits, TierModal } from './tier-modal.tsx'

const tiers = ['anonymous', 'free', 'pro'] as const
const types = ['daily', 'monthly'] as const
const isId = (text: string) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)

/** What tiers, and all people together, may use of calls that the operator pays for, and every limit of one person. */
export default function QuotasPage() {
  return (
    <>
      <PageHead title="Quotas">
        What may be used of calls that are paid with the server’s or the team’s keys, and the limits of a person.
      </PageHead>
      <Stack gap="xl">
        <section aria-label="Tiers">
          <Title order={2} mb="xs">
            Tiers
          </Title>
          <Tiers />
        </section>
        <section aria-label="All people together">
          <Title order={2} mb="xs">
            All people together
          </Title>
          <PlatformLimits />
        </section>
        <section aria-label="Limits of a person">
          <Title order={2} mb="xs">
            Limits of a person
          </Title>
          <OfPerson />
        </section>
      </Stack>
    </>
  )
}

function Tiers() {
  const [chosen, choose] = useState<{ tier: (typeof tiers)[number]; type: (typeof types)[number]; limits: Limits | undefined }>()
  const query = useQuery({ queryKey: ['operator', 'tiers'], queryFn: ({ signal }) => keyloft.get('/api/quotas/tiers', { signal }) })
  return (
    <Shown query={query} loading={<Loading rows={4} height={40} />}>
      {({ items }) => (
        <>
          <Card padding={0}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Tier</Table.Th>
                  <Table.Th className={styles.number}>Requests</Table.Th>
                  <Table.Th className={styles.number}>Tokens</Table.Th>
                  <Table.Th className={styles.number}>Cost</Table.Th>
                  <Table.Th aria-label="Change" className={styles.wide} />
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {tiers.flatMap((tier) =>
                  types.map((type) => {
                    const limits = items.find((item) => item.tier === tier && item.type === type)
                    const change = (
                      <Button
                        size="compact-xs"
                        variant="default"
                        aria-label={`Change ${tier}, ${type}`}
                        onClick={() => choose({ tier, type, limits })}
                      >
                        Change
                      </Button>
                    )
                    return (
                      <Table.Tr key={`${tier} ${type}`}>
                        <Table.Td>
                          {tier}, {type === 'daily' ? 'a day' : 'a month'}
                          <div className={styles.narrow}>{change}</div>
                        </Table.Td>
                        <Table.Td className={styles.number}>{countOf(limits?.requestLimit)}</Table.Td>
                        <Table.Td className={styles.number}>{countOf(limits?.tokenLimit)}</Table.Td>
                        <Table.Td className={styles.number}>
                          {limits?.costLimitUsd ? <Amount usd={limits.costLimitUsd} /> : 'no limit'}
                        </Table.Td>
                        <Table.Td className={`${styles.number} ${styles.wide}`}>{change}</Table.Td>
                      </Table.Tr>
                    )
                  }),
                )}
              </Table.Tbody>
            </Table>
          </Card>
          {chosen && <TierModal {...chosen} close={() => choose(undefined)} />}
        </>
      )}
    </Shown>
  )
}

const countOf = (limit: number | null | undefined) => (limit == null ? 'no limit' : limit.toLocaleString())

function OfPerson() {
  const [{ user }, setFilters] = useFilters(['user'])
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { user: user ?? '' },
    validate: { user: (text) => (isId(text.trim()) ? null : 'The id of a person, as People and Audit name it.') },
  })
  const known = user !== undefined && isId(user) ? user : undefined
  return (
    <Stack gap="sm">
      <form onSubmit={form.onSubmit(({ user }) => setFilters({ user: user.trim() }))}>
        <Group gap="xs" align="flex-start">
          <TextInput
            label="Whose"
            placeholder="Id of a person"
            flex="1 1 260px"
            maw={420}
            key={form.key('user')}
            {...form.getInputProps('user')}
          />
          <Button type="submit" variant="default" mt={24}>
            Show
          </Button>
        </Group>
      </form>
      {known && <Limited userId={known} />}
    </Stack>
  )
}

type Quota = ReplyOf<'GET /api/quotas'>['items'][number]

function Limited({ userId }: { userId: string }) {
  const query = useQuery({
    queryKey: ['operator', 'quotas', userId],
    queryFn: ({ signal }) => keyloft.get('/api/quotas', { query: { userId }, signal }),
  })
  return (
    <Shown query={query} loading={<Loading rows={3} height={44} />}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty icon="gauge" title="Nothing limits this person">
            Neither their tier, nor they themselves, nor an operator has set a limit.
          </Empty>
        ) : (
          <Card padding={0}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Limit</Table.Th>
                  <Table.Th className={styles.number}>Requests</Table.Th>
                  <Table.Th className={styles.number}>Tokens</Table.Th>
                  <Table.Th className={styles.number}>Cost</Table.Th>
                  <Table.Th className={styles.wide}>Begins anew</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {items.map((quota) => (
                  <Table.Tr key={quota.id ?? `${quota.setBy} ${quota.type}`}>
                    <Table.Td>
                      <Group gap={6}>
                        <Text size="sm">{nameOf(quota)}</Text>
                        {!quota.isActive && (
                          <Badge size="xs" color="gray">
                            off
                          </Badge>
                        )}
                      </Group>
                      <Text size="xs" c="dimmed">
                        {spendWords[quota.spend]}, set by {setterWords[quota.setBy]}
                      </Text>
                    </Table.Td>
                    <Table.Td className={styles.number}>{usedOf(quota.used.requests, quota.limit.requests)}</Table.Td>
                    <Table.Td className={styles.number}>{usedOf(quota.used.tokens, quota.limit.tokens)}</Table.Td>
                    <Table.Td className={styles.number}>
                      <CostOf quota={quota} />
                    </Table.Td>
                    <Table.Td className={styles.wide}>
                      <Moment at={quota.resetsAt} />
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Card>
        )
      }
    </Shown>
  )
}

const spendWords: Record<Quota['spend'], string> = {
  all: 'All calls',
  own: 'Calls with keys of their own',
  platform: 'Calls that the operator pays for',
}
const setterWords: Record<Quota['setBy'], string> = {
  operator: 'an operator',
  person: 'themselves',
  key: 'a key of theirs',
  tier: 'their tier',
}

function nameOf({ type, provider, model }: Quota): string {
  if (type === 'provider') return `${provider}, a day`
  if (type === 'model') return `${[provider, model].filter(Boolean).join(' ')}, a day`
  return type === 'daily' ? 'A day' : 'A month'
}
