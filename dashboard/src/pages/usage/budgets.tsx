import type { ProviderKey, Quota } from '@keyloft/sdk'
import { Card, Group, SimpleGrid, Text } from '@mantine/core'
import { Amount } from '../../parts/amount.tsx'
import { Meter } from '../../parts/meter.tsx'
import { Moment } from '../../parts/moment.tsx'
import { shareOf } from '../../parts/money.ts'

/** A bar for each limit that is set, with when it begins anew. */
export function Budgets({ quotas, keys }: { quotas: readonly Quota[]; keys: readonly ProviderKey[] }) {
  const nameOf = (quota: Quota) => nameWith(quota, keys)
  const bars = quotas.filter(({ isActive }) => isActive).flatMap((quota) => barsOf(quota).map((bar) => ({ ...bar, quota })))
  if (bars.length === 0) return null
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="md">
      {bars.map(({ quota, what, share, figures }) => (
        <Card
          key={`${quota.id} ${quota.setBy} ${quota.keyId} ${quota.type} ${quota.provider} ${quota.model} ${quota.spend} ${what}`}
          py="sm"
        >
          <Group justify="space-between" mb={6}>
            <Text size="sm" fw={500}>
              {nameOf(quota)}, {what}
            </Text>
            <Text size="xs" c="dimmed">
              anew <Moment at={quota.resetsAt} />
            </Text>
          </Group>
          <Meter share={share} label={`${nameOf(quota)}, ${what}`} />
          <Text size="xs" mt={5}>
            {figures}
          </Text>
        </Card>
      ))}
    </SimpleGrid>
  )
}

const spends: Record<Quota['spend'], string> = { all: '', own: ', by your keys', platform: ', paid by the operator' }

function nameWith({ type, provider, model, spend, keyId }: Quota, keys: readonly ProviderKey[]): string {
  const window = { daily: 'Today', monthly: 'This month', provider: provider ?? '', model: model ?? '' }[type]
  if (keyId === null) return window + spends[spend]
  const key = keys.find(({ id }) => id === keyId)
  return `${window}, key ${key ? key.keyName || `•••• ${key.keyHint}` : 'that is gone'}`
}

function barsOf({ limit, used }: Quota) {
  const counted = (what: string, now: number, most: number | null) =>
    most === null
      ? []
      : [{ what, share: shareOf(String(now), String(most)), figures: <>{`${now.toLocaleString()} of ${most.toLocaleString()}`}</> }]
  const money =
    limit.costUsd === null
      ? []
      : [
          {
            what: 'spend',
            share: shareOf(used.costUsd, limit.costUsd),
            figures: (
              <>
                <Amount usd={used.costUsd} /> of <Amount usd={limit.costUsd} />
              </>
            ),
          },
        ]
  return [...money, ...counted('calls', used.requests, limit.requests), ...counted('tokens', used.tokens, limit.tokens)]
}
