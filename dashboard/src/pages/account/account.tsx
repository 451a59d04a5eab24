import { Alert, Badge, Button, Card, Group, Stack, Table, Text, Title } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { keyloft, signIn } from '../../api/client.ts'
import { useChange } from '../../api/queries.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Moment } from '../../parts/moment.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { Failed, Loading, Shown } from '../../parts/states.tsx'
import { tellDone } from '../../parts/told.ts'
import { pageUrl, serverUrl } from '../../place.ts'
import { profileQuery, usePerson } from '../../session/session.ts'
import { leaveForGood } from '../../session/sign-out.ts'
import { Consent } from '../keys/consent.tsx'
import { NewPassword } from './new-password.tsx'
import { ProfileForm } from './profile-form.tsx'

export default function AccountPage() {
  const person = usePerson()
  const profile = useQuery(profileQuery)
  return (
    <>
      <PageHead title="Account">Who you are here, where you are signed in, and how to take everything along.</PageHead>
      <Stack gap="xl" maw={760}>
        {person.isAnonymous && (
          <Alert title="You are looking around">
            <Group justify="space-between" gap="sm">
              <Text size="sm">This browser is the only way back to what you made. Sign up to keep it.</Text>
              <Button component={Link} to="/sign-up" size="xs">
                Sign up
              </Button>
            </Group>
          </Alert>
        )}
        <Section title="Profile">
          <Card>
            <Shown query={profile} loading={<Loading rows={3} height={52} />}>
              {(shown) => <ProfileForm profile={shown} />}
            </Shown>
          </Card>
        </Section>
        {!person.isAnonymous && (
          <>
            <Section title="Ways to sign in">
              <Card>
                <Linked email={person.email} isVerified={person.emailVerified} />
              </Card>
            </Section>
            <Section title="Where you are signed in">
              <Sessions />
            </Section>
          </>
        )}
        <Section title="Settings">
          <Consent />
        </Section>
        <Section title="Your data">
          <Card>
            <Group justify="space-between" gap="sm">
              <Text size="sm" maw={480}>
                Everything you own here in one ZIP: a file for each kind of thing. Keys and tokens are in it as their hints only.
              </Text>
              <Button
                component="a"
                href={`${serverUrl}/api/account/export`}
                download
                variant="default"
                size="xs"
                leftSection={<Icon name="download" size={14} />}
              >
                Export
              </Button>
            </Group>
          </Card>
        </Section>
        <Section title="The end">
          <CloseAccount name={person.isAnonymous ? 'delete' : person.email} />
        </Section>
      </Stack>
    </>
  )
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title}>
      <Title order={2} mb="xs">
        {title}
      </Title>
      {children}
    </section>
  )
}

function Linked({ email, isVerified }: { email: string; isVerified: boolean }) {
  const accounts = useQuery({ queryKey: ['accounts'], queryFn: () => signIn.accounts() })
  const providers = useQuery({ queryKey: ['sign-in providers'], queryFn: () => signIn.providers() })
  const verifying = useChange(
    () => signIn.sendVerification({ email, callbackURL: pageUrl('/account') }),
    [],
    () => tellDone(`A link is on its way to ${email}.`),
  )
  const linking = useChange(
    (provider: string) => signIn.link({ provider, callbackURL: pageUrl('/account'), errorCallbackURL: pageUrl('/account') }),
    [],
    ({ url }) => location.assign(url),
  )
  const unlinking = useChange((account: { providerId: string; accountId: string }) => signIn.unlink(account), ['accounts'])
  const error = verifying.error ?? linking.error ?? unlinking.error
  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <Group gap={8}>
          <Text size="sm">{email}</Text>
          <Badge color={isVerified ? 'teal' : 'yellow'}>{isVerified ? 'confirmed' : 'not confirmed'}</Badge>
        </Group>
        {!isVerified && (
          <Button size="compact-sm" variant="default" onClick={() => verifying.mutate()} loading={verifying.isPending}>
            Send the link again
          </Button>
        )}
      </Group>
      <Shown query={accounts} loading={<Loading rows={1} height={32} />}>
        {(items) => {
          const linked = new Set(items.map(({ providerId }) => providerId))
          return (
            <>
              {items.map(({ id, providerId, accountId, createdAt }) => (
                <Group key={id} justify="space-between">
                  <Text size="sm">
                    {providerId === 'credential'
                      ? 'Password'
                      : (providers.data?.items.find((one) => one.id === providerId)?.name ?? providerId)}
                    <Text span c="dimmed" size="sm">
                      {' '}
                      since <Moment at={createdAt} />
                    </Text>
                  </Text>
                  {providerId !== 'credential' && items.length > 1 && (
                    <Button size="compact-sm" variant="subtle" color="red" onClick={() => unlinking.mutate({ providerId, accountId })}>
                      Unlink
                    </Button>
                  )}
                </Group>
              ))}
              {providers.data?.items
                .filter(({ id }) => !linked.has(id))
                .map(({ id, name }) => (
                  <Group key={id} justify="space-between">
                    <Text size="sm" c="dimmed">
                      {name}
                    </Text>
                    <Button size="compact-sm" variant="default" onClick={() => linking.mutate(id)}>
                      Link
                    </Button>
                  </Group>
                ))}
              {linked.has('credential') && <NewPassword />}
            </>
          )
        }}
      </Shown>
      {error && <Failed error={error} />}
    </Stack>
  )
}

function Sessions() {
  const sessions = useQuery({ queryKey: ['sessions'], queryFn: () => signIn.sessions() })
  const present = useQuery({ queryKey: ['this session'], queryFn: async () => (await signIn.present())?.session.id ?? null })
  const ending = useChange((token: string) => signIn.endSession(token), ['sessions', 'session'])
  const endingOthers = useChange(() => signIn.endOtherSessions(), ['sessions'])
  return (
    <Shown query={sessions}>
      {(items) => (
        <Card p={0}>
          <Table.ScrollContainer minWidth={460}>
            <Table>
              <Table.Tbody>
                {items.map(({ id, token, userAgent, ipAddress, updatedAt }) => (
                  <Table.Tr key={id}>
                    <Table.Td maw={280}>
                      <Text size="sm" truncate title={userAgent ?? undefined}>
                        {browserOf(userAgent)}
                      </Text>
                      <Text size="xs" c="dimmed">
                        {ipAddress || 'address unknown'}
                      </Text>
                    </Table.Td>
                    <Table.Td>
                      <Moment at={updatedAt} />
                    </Table.Td>
                    <Table.Td ta="right">
                      {id === present.data ? (
                        <Badge color="teal">this browser</Badge>
                      ) : (
                        <Button size="compact-sm" variant="subtle" color="red" onClick={() => ending.mutate(token)}>
                          End
                        </Button>
                      )}
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
          {items.length > 1 && (
            <Group justify="flex-end" p="xs">
              <Button size="xs" variant="default" onClick={() => endingOthers.mutate()} loading={endingOthers.isPending}>
                End all the others
              </Button>
            </Group>
          )}
          {(ending.error ?? endingOthers.error) && <Failed error={ending.error ?? endingOthers.error} />}
        </Card>
      )}
    </Shown>
  )
}

/** As people call it. */
function browserOf(userAgent: string | null | undefined): string {
  const name = /(Firefox|Edg|OPR|Chrome|Safari|curl|node)\b/i.exec(userAgent ?? '')?.[1]
  const system = /(Windows|Mac OS|Android|iPhone|iPad|Linux)/.exec(userAgent ?? '')?.[1]
  return (
    [name === 'Edg' ? 'Edge' : name === 'OPR' ? 'Opera' : name, system && `on ${system}`].filter(Boolean).join(' ') || 'Another program'
  )
}

function CloseAccount({ name }: { name: string }) {
  const [isOpen, { open, close }] = useDisclosure()
  const closing = useChange(() => keyloft.delete('/api/profile'), [], leaveForGood)
  return (
    <Card>
      <Group justify="space-between" gap="sm">
        <Text size="sm" maw={480}>
          Closing the account refuses every credential of yours at once and destroys your keys. After a while, all you own is deleted.
        </Text>
        <Button color="red" variant="light" size="xs" onClick={open}>
          Close the account …
        </Button>
      </Group>
      <Confirm
        opened={isOpen}
        close={close}
        title="Close the account"
        name={name}
        action="Close it"
        run={() => closing.mutate()}
        isRunning={closing.isPending}
        error={closing.error}
      >
        Your provider keys are destroyed now. Your tokens and sessions end now, in every program that has one. Usage, settings and all else
        you own are deleted when the server’s time for second thoughts has passed. An export first does no harm.
      </Confirm>
    </Card>
  )
}
