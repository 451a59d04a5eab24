import type { ApiToken } from '@keyloft/sdk'
import { Badge, Button, Card, Code, Group, Table, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { keyloft } from '../../api/client.ts'
import { tokensQuery, useChange } from '../../api/queries.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Moment } from '../../parts/moment.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { Empty, Shown } from '../../parts/states.tsx'
import { NewToken } from './new-token.tsx'

const most = 20

export default function TokensPage() {
  const tokens = useQuery({ ...tokensQuery, refetchInterval: 15_000 })
  const [isOpen, { open, close }] = useDisclosure()
  const add = (
    <Button size="xs" leftSection={<Icon name="plus" size={14} />} onClick={open}>
      New token
    </Button>
  )
  return (
    <>
      <PageHead title="Tokens" actions={add}>
        By a token a program calls for you. It is shown once; what is kept is only enough to recognise it. You can have {most}.
      </PageHead>
      <Shown query={tokens}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty icon="token" title="No tokens yet" action={add}>
              Make one for each program, so that you can end one without the others.
            </Empty>
          ) : (
            <Card p={0}>
              <Table.ScrollContainer minWidth={640}>
                <Table>
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th>Name</Table.Th>
                      <Table.Th>May</Table.Th>
                      <Table.Th>Models</Table.Th>
                      <Table.Th>Last used</Table.Th>
                      <Table.Th>Ends</Table.Th>
                      <Table.Th aria-label="Actions" />
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {items.map((token) => (
                      <Row key={token.id} token={token} />
                    ))}
                  </Table.Tbody>
                </Table>
              </Table.ScrollContainer>
            </Card>
          )
        }
      </Shown>
      <NewToken opened={isOpen} close={close} />
    </>
  )
}

const scopeNames: Record<ApiToken['scopes'][number], string> = { calls: 'call', read: 'read', account: 'change' }

function Row({ token }: { token: ApiToken }) {
  const [isOpen, { open, close }] = useDisclosure()
  const ending = useChange(() => keyloft.delete('/api/tokens/{id}', { params: { id: token.id } }), ['tokens', 'profile'], close)
  const hasEnded = token.expiresAt !== null && Date.parse(token.expiresAt) <= Date.now()
  return (
    <Table.Tr>
      <Table.Td>
        <Text size="sm" fw={500}>
          {token.name}
        </Text>
        <Group gap={6}>
          <Code>{token.prefix}…</Code>
          {token.revokedAt && <Badge color="red">leaked, ended</Badge>}
          {hasEnded && <Badge color="gray">expired</Badge>}
        </Group>
      </Table.Td>
      <Table.Td>
        <Group gap={4} wrap="nowrap">
          {token.scopes.map((scope) => (
            <Badge key={scope} color={scope === 'account' ? 'yellow' : 'gray'}>
              {scopeNames[scope]}
            </Badge>
          ))}
        </Group>
      </Table.Td>
      <Table.Td>{token.models ? token.models.join(', ') : 'all'}</Table.Td>
      <Table.Td>
        <Moment at={token.lastUsedAt} />
      </Table.Td>
      <Table.Td>
        <Moment at={token.expiresAt} />
      </Table.Td>
      <Table.Td ta="right">
        <Button size="compact-sm" variant="subtle" color="red" onClick={open} aria-label={`Revoke ${token.name} …`}>
          Revoke …
        </Button>
        <Confirm
          opened={isOpen}
          close={close}
          title={`Revoke ${token.name}`}
          name={token.name}
          action="Revoke it"
          run={() => ending.mutate()}
          isRunning={ending.isPending}
          error={ending.error}
        >
          It is refused everywhere at once, and forgotten. Programs that have it stop working; your other tokens stay as they are.
        </Confirm>
      </Table.Td>
    </Table.Tr>
  )
}
