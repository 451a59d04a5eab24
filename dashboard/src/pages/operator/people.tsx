import type { ReplyOf } from '@keyloft/sdk'
import { Card, Group, Stack, Table, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { keyloft } from '../../api/client.ts'
import { PageHead } from '../../parts/page-head.tsx'
import { Loading, Shown } from '../../parts/states.tsx'
import { Accounts } from './accounts.tsx'
import { Figures } from './figures.tsx'
import styles from './operator.module.css'

type PeopleFigures = ReplyOf<'GET /api/admin/users/figures'>

export default function PeoplePage() {
  const figures = useQuery({
    queryKey: ['operator', 'people'],
    queryFn: ({ signal }) => keyloft.get('/api/admin/users/figures', { signal }),
  })
  return (
    <>
      <PageHead title="People">Who came, who stayed, and what they use. Days and weeks are UTC’s; active is who made a call.</PageHead>
      <Stack gap="xl">
        <Shown query={figures} loading={<Loading rows={4} height={84} />}>
          {(shown) => <Numbers {...shown} />}
        </Shown>
        <section aria-label="Accounts">
          <Title order={2} mb="xs">
            Accounts
          </Title>
          <Accounts />
        </section>
      </Stack>
    </>
  )
}

function Numbers({
  people,
  anonymous,
  movedFromAnonymous,
  pro,
  admins,
  closed,
  activeToday,
  activeIn7Days,
  activeIn30Days,
  registrations,
  retention,
  features,
}: PeopleFigures) {
  return (
    <>
      <Figures
        items={[
          { name: 'People', value: people.toLocaleString(), note: `${anonymous.toLocaleString()} without an account yet` },
          { name: 'Active today', value: activeToday.toLocaleString(), note: `${activeIn7Days.toLocaleString()} in 7 days` },
          {
            name: 'Active in 30 days',
            value: activeIn30Days.toLocaleString(),
            note: `${movedFromAnonymous.toLocaleString()} took an anonymous beginning along`,
          },
          { name: 'Tier pro', value: pro.toLocaleString(), note: `${admins.toLocaleString()} admins, ${closed.toLocaleString()} closed` },
        ]}
      />
      <Registrations days={registrations} />
      <Retention weeks={retention} />
      <Features people={people} {...features} />
    </>
  )
}

function Registrations({ days }: { days: PeopleFigures['registrations'] }) {
  const most = Math.max(1, ...days.map(({ people }) => people))
  const sum = days.reduce((total, { people }) => total + people, 0)
  return (
    <section aria-label="Registrations">
      <Group justify="space-between" mb="xs">
        <Title order={2}>Registrations, 30 days</Title>
        <Text size="xs" c="dimmed">
          <span className={styles.key} /> with an account &nbsp; <span className={styles.key} data-second /> anonymous
        </Text>
      </Group>
      <Card>
        <ol className={styles.bars} aria-label={`${sum} in 30 days, at most ${most} on a day`}>
          {days.map(({ day, people, anonymous }) => (
            <li
              key={day}
              className={styles.bar}
              title={`${day}: ${people}, ${anonymous} of them anonymous`}
              aria-label={`${day}: ${people}, ${anonymous} of them anonymous`}
            >
              <span style={{ height: `${((people - anonymous) / most) * 100}%` }} />
              <span style={{ height: `${(anonymous / most) * 100}%` }} />
            </li>
          ))}
        </ol>
        <div className={styles.axis}>
          <Text size="xs" c="dimmed">
            {days[0]?.day}
          </Text>
          <Text size="xs" c="dimmed">
            {days.at(-1)?.day}
          </Text>
        </div>
      </Card>
    </section>
  )
}

function Retention({ weeks }: { weeks: PeopleFigures['retention'] }) {
  const laters = Array.from({ length: Math.max(1, ...weeks.map(({ active }) => active.length)) }, (_, later) => later)
  return (
    <section aria-label="Retention">
      <Title order={2} mb="xs">
        Who came back
      </Title>
      {weeks.length === 0 ? (
        <Text size="sm" c="dimmed">
          Nobody came in the last eight weeks.
        </Text>
      ) : (
        <Card padding={0} className={styles.scroll} tabIndex={0} role="region" aria-label="Who came back, by week">
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Week of</Table.Th>
                <Table.Th className={styles.number}>Came</Table.Th>
                {laters.map((later) => (
                  <Table.Th key={later} className={styles.cell}>
                    {later === 0 ? 'same' : `+${later}`}
                  </Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {weeks.map(({ week, people, active }) => (
                <Table.Tr key={week}>
                  <Table.Td>{week}</Table.Td>
                  <Table.Td className={styles.number}>{people.toLocaleString()}</Table.Td>
                  {laters.map((later) => (
                    <Table.Td
                      key={later}
                      className={styles.cell}
                      title={active[later] === undefined ? undefined : `${active[later]} of ${people}`}
                    >
                      {active[later] === undefined ? '' : `${Math.round(((active[later] ?? 0) / people) * 100)} %`}
                    </Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Card>
      )}
    </section>
  )
}

function Features({
  people,
  called,
  keptAKey,
  madeAToken,
  hasOwnGateway,
  ownKeysOnly,
  signsInElsewhere,
}: PeopleFigures['features'] & { people: number }) {
  const used: [string, number][] = [
    ['Made a call in 12 weeks', called],
    ['Keep a provider’s key', keptAKey],
    ['Have an API token', madeAToken],
    ['Sign in with an account elsewhere', signsInElsewhere],
    ['Allow only their own keys', ownKeysOnly],
    ['Have a gateway of their own', hasOwnGateway],
  ]
  return (
    <section aria-label="Features used">
      <Title order={2} mb="xs">
        What is used
      </Title>
      <Card padding={0}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>People who</Table.Th>
              <Table.Th className={styles.number}>How many</Table.Th>
              <Table.Th className={styles.number}>Of all</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {used.map(([name, count]) => (
              <Table.Tr key={name}>
                <Table.Td>{name}</Table.Td>
                <Table.Td className={styles.number}>{count.toLocaleString()}</Table.Td>
                <Table.Td className={styles.number}>{people === 0 ? '–' : `${Math.round((count / people) * 100)} %`}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Card>
    </section>
  )
}
