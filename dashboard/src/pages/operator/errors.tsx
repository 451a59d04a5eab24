import { Badge, Card, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { keyloft } from '../../api/client.ts'
import { Moment } from '../../parts/moment.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { Empty, Loading, Shown } from '../../parts/states.tsx'
import styles from './operator.module.css'

/** What this process refused or failed at. No word of any request is among it. */
export default function ErrorsPage() {
  const errors = useQuery({
    queryKey: ['operator', 'errors'],
    queryFn: ({ signal }) => keyloft.get('/api/admin/errors', { signal }),
    refetchInterval: 15_000,
  })
  return (
    <>
      <PageHead title="Errors">What was refused or failed, by code and route. The log of the server names each request.</PageHead>
      <Shown query={errors} loading={<Loading rows={8} height={44} />}>
        {({ items, instance, since, latelyMinutes }) => (
          <>
            <Text size="sm" c="dimmed" mb="xs">
              Of <span className={styles.code}>{instance}</span> alone, since <Moment at={since} />. Where several processes run, another
              look may show another’s.
            </Text>
            {items.length === 0 ? (
              <Empty icon="check" title="Nothing was refused">
                Since this process began, every request was answered as it asked.
              </Empty>
            ) : (
              <Card padding={0}>
                <Table>
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th>Code and route</Table.Th>
                      <Table.Th className={styles.number}>Last {latelyMinutes} min</Table.Th>
                      <Table.Th className={styles.number}>In all</Table.Th>
                      <Table.Th className={styles.wide}>Last</Table.Th>
                      <Table.Th className={styles.wide}>Its request</Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {items.map(({ code, route, status, lately, count, lastAt, lastRequestId }) => (
                      <Table.Tr key={`${code} ${route}`}>
                        <Table.Td>
                          <Text size="sm" span className={styles.code}>
                            {code}
                          </Text>{' '}
                          <Badge size="xs" color={status >= 500 ? 'red' : 'gray'}>
                            {status}
                          </Badge>
                          <Text size="xs" c="dimmed" className={styles.code}>
                            {route}
                          </Text>
                          <Text size="xs" c="dimmed" component="div" className={styles.narrow}>
                            <Moment at={lastAt} /> · <span className={styles.code}>{lastRequestId}</span>
                          </Text>
                        </Table.Td>
                        <Table.Td className={styles.number}>{lately.toLocaleString()}</Table.Td>
                        <Table.Td className={styles.number}>{count.toLocaleString()}</Table.Td>
                        <Table.Td className={styles.wide}>
                          <Moment at={lastAt} />
                        </Table.Td>
                        <Table.Td className={`${styles.wide} ${styles.code}`}>{lastRequestId}</Table.Td>
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
              </Card>
            )}
          </>
        )}
      </Shown>
    </>
  )
}
