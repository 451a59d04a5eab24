import { Anchor, Badge, Button, Card, Group, SimpleGrid, Stack, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { callsQuery, keysQuery, providersQuery } from '../../api/queries.ts'
import { Amount } from '../../parts/amount.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Moment } from '../../parts/moment.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { Shown } from '../../parts/states.tsx'
import { usePerson } from '../../session/session.ts'
import { FirstCall } from './first-call.tsx'
import styles from './start.module.css'

export default function StartPage() {
  const person = usePerson()
  const keys = useQuery(keysQuery)
  const providers = useQuery(providersQuery)
  const calls = useQuery(callsQuery({ limit: 3 }))
  const hasKey = (keys.data?.items.length ?? 0) > 0
  const hasCall = (calls.data?.items.length ?? 0) > 0
  return (
    <>
      <PageHead title="Start">From a key to an answer and its exact cost, in three steps.</PageHead>
      {person.isAnonymous && (
        <Card mb="md" className={styles.anonymous}>
          <Group justify="space-between" gap="sm">
            <Text size="sm">You are looking around. Whatever you make here stays yours when you sign up.</Text>
            <Button component={Link} to="/sign-up" size="xs">
              Sign up
            </Button>
          </Group>
        </Card>
      )}
      <Stack gap="md">
        <Step number={1} title="Add a key" done={hasKey} height={30}>
          <Shown query={keys} loading={<Text size="sm">&nbsp;</Text>}>
            {({ items }) => (
              <Group gap="xs" justify="space-between">
                <Text size="sm" c="dimmed" maw={560}>
                  {items.length === 0
                    ? 'A key of yours at a provider. It is checked with them, sealed for you alone, and never shown again.'
                    : `You have ${items.length === 1 ? 'one' : items.length}: ${listOf(items.map(({ provider }) => providers.data?.items.find(({ id }) => id === provider)?.name ?? provider))}.`}
                </Text>
                <Button
                  component={Link}
                  to="/keys"
                  search={(items.length === 0 ? { add: 1 } : {}) as never}
                  size="xs"
                  variant={items.length === 0 ? 'filled' : 'default'}
                >
                  {items.length === 0 ? 'Add a key' : 'Your keys'}
                </Button>
              </Group>
            )}
          </Shown>
        </Step>
        <Step number={2} title="Make a call" done={hasCall}>
          <FirstCall provider={keys.data?.items.find(({ isEnabled }) => isEnabled)?.provider} />
        </Step>
        <Step number={3} title="See its cost" done={hasCall} height={172}>
          <Shown query={calls} loading={<Text size="sm">&nbsp;</Text>}>
            {({ items }) =>
              items.length === 0 ? (
                <Text size="sm" c="dimmed" role="status">
                  Waiting for the first call. It shows up here by itself, within seconds.
                </Text>
              ) : (
                <Stack gap="xs" align="flex-start">
                  <Table.ScrollContainer minWidth={420} w="100%">
                    <Table>
                      <Table.Thead>
                        <Table.Tr>
                          <Table.Th>When</Table.Th>
                          <Table.Th>Model</Table.Th>
                          <Table.Th ta="right">Tokens</Table.Th>
                          <Table.Th ta="right">Cost</Table.Th>
                        </Table.Tr>
                      </Table.Thead>
                      <Table.Tbody>
                        {items.map((call) => (
                          <Table.Tr key={call.id}>
                            <Table.Td>
                              <Anchor component={Link} to={`/usage/${call.id}`} size="sm">
                                <Moment at={call.startedAt} />
                              </Anchor>
                            </Table.Td>
                            <Table.Td>{call.model}</Table.Td>
                            <Table.Td ta="right">{(call.tokens.input + call.tokens.output).toLocaleString()}</Table.Td>
                            <Table.Td ta="right">
                              <Amount usd={call.costUsd} />
                            </Table.Td>
                          </Table.Tr>
                        ))}
                      </Table.Tbody>
                    </Table>
                  </Table.ScrollContainer>
                  <Anchor component={Link} to="/usage" size="sm">
                    All of your usage
                  </Anchor>
                </Stack>
              )
            }
          </Shown>
        </Step>
      </Stack>
      <SimpleGrid cols={{ base: 1, sm: 3 }} mt="md" spacing="md">
        <Next to="/playground" icon="play" title="Playground">
          Two models side by side, with what each answer costs.
        </Next>
        <Next to="/tokens" icon="token" title="Tokens">
          For programs that call for you, limited to what they need.
        </Next>
        <Next to="/keys" icon="gauge" title="Limits and order">
          Which key is tried first, and when none is.
        </Next>
      </SimpleGrid>
    </>
  )
}

const listOf = (names: string[]) => new Intl.ListFormat('en').format([...new Set(names)])

/** `height` is kept free until it is known what comes, so that nothing jumps. */
function Step({
  number,
  title,
  done,
  height,
  children,
}: {
  number: number
  title: string
  done: boolean
  height?: number
  children: ReactNode
}) {
  return (
    <Card component="section" aria-label={`${number}. ${title}`}>
      <Group gap="sm" mb="xs">
        <span className={styles.number} data-done={done || undefined} aria-hidden="true">
          {done ? <Icon name="check" size={13} /> : number}
        </span>
        <Text component="h2" fw={600} size="md">
          {title}
        </Text>
        {done && (
          <Badge color="teal" size="sm">
            done
          </Badge>
        )}
      </Group>
      <div className={styles.step} style={{ minHeight: height }}>
        {children}
      </div>
    </Card>
  )
}

function Next({ to, icon, title, children }: { to: string; icon: 'play' | 'token' | 'gauge'; title: string; children: string }) {
  return (
    <Card component={Link} to={to} className={styles.next}>
      <Group gap={8} mb={4}>
        <Icon name={icon} />
        <Text fw={600} size="sm">
          {title}
        </Text>
      </Group>
      <Text size="sm" c="dimmed">
        {children}
      </Text>
    </Card>
  )
}
