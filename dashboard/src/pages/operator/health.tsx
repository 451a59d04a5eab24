import type { ReplyOf } from '@keyloft/sdk'
import { Alert, Badge, Card, Code, Stack, Table, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { keyloft } from '../../api/client.ts'
import { Icon } from '../../parts/icon.tsx'
import { Moment } from '../../parts/moment.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { Loading, Shown } from '../../parts/states.tsx'
import { bytes, duration, Figures, percent } from './figures.tsx'
import styles from './operator.module.css'

const everyMs = 15_000

/** Asked anew while somebody looks; a page in the background asks nothing. */
export default function HealthPage() {
  const health = useQuery({
    queryKey: ['operator', 'health'],
    queryFn: ({ signal }) => keyloft.get('/api/admin/health', { signal }),
    refetchInterval: everyMs,
  })
  const alerts = useQuery({
    queryKey: ['operator', 'alerts'],
    queryFn: ({ signal }) => keyloft.get('/api/admin/alerts', { signal }),
    refetchInterval: everyMs,
  })
  const database = useQuery({
    queryKey: ['operator', 'database'],
    queryFn: ({ signal }) => keyloft.get('/api/admin/database', { signal }),
    refetchInterval: everyMs,
  })
  return (
    <>
      <PageHead title="Health">How the process that answers and its database do. It is asked anew every 15 seconds.</PageHead>
      <Stack gap="xl">
        <Section title="Alerts">
          <Shown query={alerts} loading={<Loading rows={7} height={36} />}>
            {(shown) => <Alerts {...shown} />}
          </Shown>
        </Section>
        <Section title="Process">
          <Shown query={health} loading={<Loading rows={2} height={72} />}>
            {(shown) => <Process {...shown} />}
          </Shown>
        </Section>
        <Section title="Database">
          <Shown query={database} loading={<Loading rows={6} height={72} />}>
            {(shown) => <Database {...shown} />}
          </Shown>
        </Section>
      </Stack>
    </>
  )
}

function Section({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <section aria-label={title}>
      <Title order={2} mb="xs">
        {title}
      </Title>
      <Stack gap="sm">{children}</Stack>
    </section>
  )
}

type Alerts = ReplyOf<'GET /api/admin/alerts'>
const colours = { ok: 'petrol', firing: 'red', unknown: 'gray' } as const
const order = { firing: 0, unknown: 2, ok: 1 } as const

function Alerts({ items, latelyMinutes, instance }: Alerts) {
  const firing = items.filter(({ state }) => state === 'firing').length
  return (
    <>
      <Text size="sm" c="dimmed" role="status">
        {firing === 0 ? 'Nothing fires.' : `${firing} of ${items.length} fire.`} What a process saw is of the last {latelyMinutes} minutes,
        and of <span className={styles.code}>{instance}</span> alone.
      </Text>
      <Card padding={0}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th w={110} className={styles.wide}>
                State
              </Table.Th>
              <Table.Th>What</Table.Th>
              <Table.Th className={styles.number}>Now</Table.Th>
              <Table.Th className={`${styles.number} ${styles.wide}`}>Fires above</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {[...items]
              .sort((a, b) => order[a.state] - order[b.state])
              .map(({ id, title, state, value, above, unit, detail }) => (
                <Table.Tr key={id}>
                  <Table.Td className={styles.wide}>
                    <Badge color={colours[state]}>{state}</Badge>
                  </Table.Td>
                  <Table.Td>
                    <div className={styles.narrow}>
                      <Badge color={colours[state]}>{state}</Badge>
                    </div>
                    <Text size="sm">{title}</Text>
                    <Text size="xs" c="dimmed">
                      {detail}
                    </Text>
                  </Table.Td>
                  <Table.Td className={styles.number}>
                    {value === null ? '–' : inUnit(value, unit)}
                    <Text size="xs" c="dimmed" component="div" className={styles.narrow}>
                      above {inUnit(above, unit)}
                    </Text>
                  </Table.Td>
                  <Table.Td className={`${styles.number} ${styles.wide}`}>{inUnit(above, unit)}</Table.Td>
                </Table.Tr>
              ))}
          </Table.Tbody>
        </Table>
      </Card>
    </>
  )
}

function inUnit(value: number, unit: Alerts['items'][number]['unit']): string {
  if (unit === 'share') return percent(value)
  return unit === 'seconds' ? duration(value) : value.toLocaleString()
}

function Process({ ready, fault, instance, version, node, startedAt, memoryBytes, hearsChanges, pools }: ReplyOf<'GET /api/admin/health'>) {
  return (
    <>
      {fault && (
        <Alert color="red" icon={<Icon name="warning" />} title={fault.message}>
          <Code>{fault.code}</Code>
        </Alert>
      )}
      {!hearsChanges && (
        <Alert color="yellow" icon={<Icon name="warning" />} title="It does not hear what other processes change">
          It remembers little and asks the database more. Look at DATABASE_DIRECT_URL: a pooler passes no notifications on.
        </Alert>
      )}
      <Figures
        items={[
          { name: 'Ready', value: ready ? 'yes' : 'no', note: instance },
          { name: 'Version', value: version, note: `Node ${node}` },
          { name: 'Since', value: <Moment at={startedAt} /> },
          { name: 'Memory', value: bytes(memoryBytes) },
        ]}
      />
      <Card padding={0}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Connections of the login</Table.Th>
              <Table.Th className={styles.number}>Busy</Table.Th>
              <Table.Th className={`${styles.number} ${styles.wide}`}>Idle</Table.Th>
              <Table.Th className={styles.number}>Waiting</Table.Th>
              <Table.Th className={`${styles.number} ${styles.wide}`}>At most</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {pools.map(({ pool, busy, idle, waiting, most }) => (
              <Table.Tr key={pool}>
                <Table.Td>keyloft_{pool}</Table.Td>
                <Table.Td className={styles.number}>{busy}</Table.Td>
                <Table.Td className={`${styles.number} ${styles.wide}`}>{idle}</Table.Td>
                <Table.Td className={styles.number}>{waiting}</Table.Td>
                <Table.Td className={`${styles.number} ${styles.wide}`}>{most}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Card>
    </>
  )
}

type Database = ReplyOf<'GET /api/admin/database'>

function Database(figures: Database) {
  const { connections, connectionsWarning, maxConnections, connectionStates, seesEverybody, since, tables, slowQueries } = figures
  return (
    <>
      {connections > connectionsWarning && (
        <Alert color="red" icon={<Icon name="warning" />} title={`${connections} connections, of ${maxConnections} that the server takes`}>
          Lower KEYLOFT_POOL_SIZE, run fewer processes, or put a pooler between.
        </Alert>
      )}
      {!seesEverybody && (
        <Alert color="yellow" icon={<Icon name="warning" />} title="PostgreSQL hides what other logins do">
          As a superuser: <Code>grant pg_read_all_stats to keyloft_observer</Code>
        </Alert>
      )}
      <Figures
        items={[
          {
            name: 'Connections',
            value: connections,
            note: `${connectionStates.map(({ state, count }) => `${count} ${state}`).join(', ')}; warned above ${connectionsWarning}`,
          },
          { name: 'From the cache', value: percent(figures.cacheHitRate), note: 'of all blocks that were read' },
          { name: 'Size', value: bytes(figures.sizeBytes), note: `PostgreSQL ${figures.serverVersion}` },
          {
            name: 'Longest transaction',
            value: duration(figures.longestTransactionSeconds),
            note: `${figures.waitingForLocks} wait for a lock`,
          },
          { name: 'Deadlocks', value: figures.deadlocks.toLocaleString() },
          { name: 'Rolled back', value: percent(figures.rollbackRate), note: 'of all transactions' },
          { name: 'Temporary files', value: bytes(figures.temporaryBytes) },
          { name: 'Counted since', value: since ? <Moment at={since} /> : 'its start' },
        ]}
      />
      <Tables tables={tables} />
      <SlowQueries {...slowQueries} />
    </>
  )
}

function Tables({ tables }: Pick<Database, 'tables'>) {
  return (
    <Card padding={0}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Largest tables</Table.Th>
            <Table.Th className={styles.number}>Size</Table.Th>
            <Table.Th className={styles.number}>Rows, about</Table.Th>
            <Table.Th className={`${styles.number} ${styles.wide}`}>Dead rows</Table.Th>
            <Table.Th className={`${styles.number} ${styles.wide}`}>Vacuumed</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {tables.map(({ name, sizeBytes, rows, deadRows, vacuumedAt }) => (
            <Table.Tr key={name}>
              <Table.Td className={styles.code}>{name}</Table.Td>
              <Table.Td className={styles.number}>{bytes(sizeBytes)}</Table.Td>
              <Table.Td className={styles.number}>{rows.toLocaleString()}</Table.Td>
              <Table.Td className={`${styles.number} ${styles.wide}`}>{deadRows.toLocaleString()}</Table.Td>
              <Table.Td className={`${styles.number} ${styles.wide}`}>{vacuumedAt ? <Moment at={vacuumedAt} /> : 'never'}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Card>
  )
}

const whyNoQueries = {
  'not installed': 'create extension pg_stat_statements',
  'not loaded': "shared_preload_libraries = 'pg_stat_statements', and a restart",
  'not readable': 'grant pg_read_all_stats to keyloft_observer',
} as const

function SlowQueries({ state, queries }: Database['slowQueries']) {
  return (
    <div>
      <Title order={3} mb={4}>
        Slow queries
      </Title>
      {state !== 'ok' ? (
        <Text size="sm" c="dimmed">
          PostgreSQL counts them where pg_stat_statements is there, which is {state} here. As a superuser:{' '}
          <Code>{whyNoQueries[state]}</Code>
        </Text>
      ) : (
        <Card padding={0}>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Query, by the time it took in all</Table.Th>
                <Table.Th className={styles.number}>Calls</Table.Th>
                <Table.Th className={styles.number}>Each</Table.Th>
                <Table.Th className={`${styles.number} ${styles.wide}`}>In all</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {queries.map(({ query, calls, meanMs, totalMs }) => (
                <Table.Tr key={query}>
                  <Table.Td className={styles.query}>{query}</Table.Td>
                  <Table.Td className={styles.number}>{calls.toLocaleString()}</Table.Td>
                  <Table.Td className={styles.number}>{meanMs.toLocaleString()} ms</Table.Td>
                  <Table.Td className={`${styles.number} ${styles.wide}`}>{duration(totalMs / 1_000)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Card>
      )}
    </div>
  )
}
