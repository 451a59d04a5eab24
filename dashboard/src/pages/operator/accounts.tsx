import type { ReplyOf } from '@keyloft/sdk'
import { Badge, Button, Card, Group, Table, Text } from '@mantine/core'
import { useState } from 'react'
import { keyloft } from '../../api/client.ts'
import { Moment } from '../../parts/moment.tsx'
import { Empty, Loading, Shown } from '../../parts/states.tsx'
import { usePerson } from '../../session/session.ts'
import { DecideModal } from './decide-modal.tsx'
import styles from './operator.module.css'
import { More, rowsOf, usePaged } from './pages.tsx'

export type Account = ReplyOf<'GET /api/admin/users'>['items'][number]

/** Newest first. What is decided here is written into the audit. */
export function Accounts() {
  const me = usePerson()
  const [chosen, choose] = useState<Account>()
  const accounts = usePaged(['operator', 'accounts'], (cursor, signal) =>
    keyloft.get('/api/admin/users', { query: { limit: 50, ...(cursor ? { cursor } : {}) }, signal }),
  )
  return (
    <>
      <Shown query={accounts} loading={<Loading rows={8} height={44} />}>
        {(data) => {
          const rows = rowsOf(data)
          if (rows.length === 0)
            return (
              <Empty icon="people" title="Nobody has an account yet">
                Whoever signs up stands here.
              </Empty>
            )
          return (
            <>
              <Card padding={0}>
                <Table>
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th>Person</Table.Th>
                      <Table.Th className={styles.wide}>Since</Table.Th>
                      <Table.Th>Tier</Table.Th>
                      <Table.Th aria-label="What can be decided" />
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {rows.map((account) => (
                      <Row key={account.id} account={account} isMe={account.id === me.id} onDecide={() => choose(account)} />
                    ))}
                  </Table.Tbody>
                </Table>
              </Card>
              <More of={accounts} />
            </>
          )
        }}
      </Shown>
      {chosen && <DecideModal account={chosen} isMe={chosen.id === me.id} close={() => choose(undefined)} />}
    </>
  )
}

function Row({ account, isMe, onDecide }: { account: Account; isMe: boolean; onDecide: () => void }) {
  const { name, email, isAnonymous, createdAt, tier, isAdmin, disabledAt, disabledReason, deactivatedAt } = account
  return (
    <Table.Tr>
      <Table.Td className={styles.person}>
        <Group gap={6}>
          <Text size="sm">{isAnonymous ? 'Anonymous' : name || email}</Text>
          {isMe && <Badge size="xs">you</Badge>}
          {isAdmin && <Badge size="xs">admin</Badge>}
          {disabledAt && (
            <Badge size="xs" color="red" title={disabledReason ?? undefined}>
              disabled
            </Badge>
          )}
          {deactivatedAt && (
            <Badge size="xs" color="gray">
              closed
            </Badge>
          )}
        </Group>
        {!isAnonymous && (
          <Text size="xs" c="dimmed" className={styles.email}>
            {email}
          </Text>
        )}
      </Table.Td>
      <Table.Td className={styles.wide}>
        <Moment at={createdAt} />
      </Table.Td>
      <Table.Td>{tier}</Table.Td>
      <Table.Td className={styles.number}>
        <Button size="compact-xs" variant="default" onClick={onDecide} aria-label={`Decide of ${isAnonymous ? account.id : email}`}>
          Decide
        </Button>
      </Table.Td>
    </Table.Tr>
  )
}
