import type { Usage } from '@keyloft/sdk'
import { Card, Group, SimpleGrid, Text } from '@mantine/core'
import { Amount } from '../../parts/amount.tsx'
import { Meter } from '../../parts/meter.tsx'
import { Moment } from '../../parts/moment.tsx'
import { shareOf } from '../../parts/money.ts'

type Quota = Usage['quotas'][number]

/** A bar for each limit that is set, with when it begins anew. */
export function Budgets({ quotas }: { quotas: Usage['quotas'] }) {
  const bars = quotas.flatMap((quota) => barsOf(quota).map((bar) => ({ ...bar, quota })))
  if (bars.length === 0) return null
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="md">
      {bars.map(({ quota, what, share, figures }) => (
        <Card key={`${quota.type} ${quota.provider} ${quota.model} ${what}`} py="sm">
          <Group justify="space-between" mb={6}>
            <Text size="sm" fw={500}>
              {nameOf(quota)}, {what}
            </Text>
            <Text size="xs" c="dimmed">
              {quota.resetAt ? (
                <>
                  anew <Moment at={quota.resetAt} />
                </>
              ) : (
                'not begun'
              )}
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

const nameOf = ({ type, provider, model }: Quota) =>
  ({ daily: 'Today', monthly: 'This month', provider: provider ?? '', model: model ?? '' })[type]

function barsOf({ requestLimit, usedRequests, tokenLimit, usedTokens, costLimitUsd, usedCostUsd }: Quota) {
  const counted = (what: string, used: number, limit: number | null) =>
    limit === null
      ? []
      : [{ what, share: shareOf(String(used), String(limit)), figures: <>{`${used.toLocaleString()} of ${limit.toLocaleString()}`}</> }]
  const money =
    costLimitUsd === null
      ? []
      : [
          {
            what: 'spend',
            share: shareOf(usedCostUsd, costLimitUsd),
            figures: (
              <>
                <Amount usd={usedCostUsd} /> of <Amount usd={costLimitUsd} />
              </>
            ),
          },
        ]
  return [...money, ...counted('calls', usedRequests, requestLimit), ...counted('tokens', usedTokens, tokenLimit)]
}
