import type { ReplyOf } from '@keyloft/sdk'
import { Button, Card, Table } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { keyloft } from '../../api/client.ts'
import { Amount } from '../../parts/amount.tsx'
import { Loading, Shown } from '../../parts/states.tsx'
import styles from './operator.module.css'
import { type Limits, TierModal } from './tier-modal.tsx'

const types = ['daily', 'monthly'] as const
type PlatformLimit = ReplyOf<'GET /api/quotas/platform'>['items'][number]

/** The bound of what strangers can cost the operator. */
export function PlatformLimits() {
  const [chosen, choose] = useState<{ type: (typeof types)[number]; limits: Limits | undefined }>()
  const query = useQuery({ queryKey: ['operator', 'platform'], queryFn: ({ signal }) => keyloft.get('/api/quotas/platform', { signal }) })
  return (
    <Shown query={query} loading={<Loading rows={2} height={40} />}>
      {({ items }) => (
        <>
          <Card padding={0}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Limit</Table.Th>
                  <Table.Th className={styles.number}>Requests</Table.Th>
                  <Table.Th className={styles.number}>Tokens</Table.Th>
                  <Table.Th className={styles.number}>Cost</Table.Th>
                  <Table.Th aria-label="Change" className={styles.wide} />
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {types.map((type) => {
                  const found = items.find((item) => item.type === type)
                  const limits = found && {
                    requestLimit: found.limit.requests,
                    tokenLimit: found.limit.tokens,
                    costLimitUsd: found.limit.costUsd,
                  }
                  const change = (
                    <Button
                      size="compact-xs"
                      variant="default"
                      aria-label={`Change all together, ${type}`}
                      onClick={() => choose({ type, limits })}
                    >
                      Change
                    </Button>
                  )
                  return (
                    <Table.Tr key={type}>
                      <Table.Td>
                        {type === 'daily' ? 'A day' : 'A month'}
                        <div className={styles.narrow}>{change}</div>
                      </Table.Td>
                      <Table.Td className={styles.number}>
                        {found ? usedOf(found.used.requests, found.limit.requests) : 'no limit'}
                      </Table.Td>
                      <Table.Td className={styles.number}>{found ? usedOf(found.used.tokens, found.limit.tokens) : 'no limit'}</Table.Td>
                      <Table.Td className={styles.number}>{found ? <CostOf quota={found} /> : 'no limit'}</Table.Td>
                      <Table.Td className={`${styles.number} ${styles.wide}`}>{change}</Table.Td>
                    </Table.Tr>
                  )
                })}
              </Table.Tbody>
            </Table>
          </Card>
          {chosen && <TierModal tier="platform" {...chosen} close={() => choose(undefined)} />}
        </>
      )}
    </Shown>
  )
}

export function CostOf({ quota: { used, limit } }: { quota: Pick<PlatformLimit, 'used' | 'limit'> }) {
  return (
    <>
      <Amount usd={used.costUsd} />
      {limit.costUsd !== null && (
        <>
          {' '}
          of <Amount usd={limit.costUsd} />
        </>
      )}
    </>
  )
}

export const usedOf = (used: number, limit: number | null) =>
  limit === null ? used.toLocaleString() : `${used.toLocaleString()} of ${limit.toLocaleString()}`
