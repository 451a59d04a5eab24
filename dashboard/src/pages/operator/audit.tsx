import type { ReplyOf } from '@keyloft/sdk'
import { Button, Card, Group, Select, Table, Text, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useEffect } from 'react'
import { keyloft } from '../../api/client.ts'
import { useFilters } from '../../parts/filters.ts'
import { Moment } from '../../parts/moment.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { Empty, Loading, Shown } from '../../parts/states.tsx'
import styles from './operator.module.css'
import { More, rowsOf, usePaged } from './pages.tsx'

const names = ['action', 'user', 'actor'] as const
type Entry = ReplyOf<'GET /api/admin/audit'>['items'][number]

const isId = (text: string) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)
const isAction = (text: string) => /^[a-z_]{1,60}\.[a-z_]{1,60}$/.test(text)

/** Those that are written at this version; any other may be typed into the address. */
const actions = [
  'account.deactivated',
  'account.demoted',
  'account.disabled',
  'account.enabled',
  'account.erased',
  'account.moved',
  'account.promoted',
  'account.tier_set',
  'api_key.added',
  'api_key.changed',
  'api_key.deleted',
  'api_key.revealed',
  'gateway.added',
  'gateway.changed',
  'gateway.deleted',
  'ledger.rerated',
  'oauth_token.revealed',
  'platform_limit.set',
  'platform_limit.unset',
  'quota.removed',
  'quota.set',
  'setting.granted',
  'setting.taken_back',
  'tier.set',
  'tier.unset',
]

export default function AuditPage() {
  const [filters, setFilters] = useFilters(names)
  const { action, user, actor } = filters
  const query = {
    limit: 50,
    ...(action && isAction(action) ? { action } : {}),
    ...(user && isId(user) ? { user } : {}),
    ...(actor && isId(actor) ? { actor } : {}),
  }
  const entries = usePaged(['operator', 'audit', query], (cursor, signal) =>
    keyloft.get('/api/admin/audit', { query: { ...query, ...(cursor ? { cursor } : {}) }, signal }),
  )
  const isFiltered = Object.keys(query).length > 1
  return (
    <>
      <PageHead title="Audit">Who did what to whose keys and accounts. Written in the transaction of the act, and never changed.</PageHead>
      <Filters filters={filters} onChange={setFilters} />
      <Shown query={entries} loading={<Loading rows={10} height={44} />}>
        {(data) => {
          const rows = rowsOf(data)
          if (rows.length === 0)
            return (
              <Empty icon="audit" title={isFiltered ? 'Nothing like this was done' : 'Nothing was done yet'}>
                {isFiltered
                  ? 'Take a filter away to see more.'
                  : 'Keys that are added, changed or revealed, and what is decided of accounts, will stand here.'}
              </Empty>
            )
          return (
            <>
              <Card padding={0}>
                <Entries rows={rows} onUser={(id) => setFilters({ user: id })} onActor={(id) => setFilters({ actor: id })} />
              </Card>
              <More of={entries} />
            </>
          )
        }}
      </Shown>
    </>
  )
}

interface FiltersProps {
  filters: { action?: string; user?: string; actor?: string }
  onChange: (changed: { [K in (typeof names)[number]]?: string | undefined }) => void
}

function Filters({ filters, onChange }: FiltersProps) {
  const { action, user = '', actor = '' } = filters
  const validate = { user: idOrNothing, actor: idOrNothing }
  const form = useForm({ mode: 'controlled', initialValues: { user, actor }, validate })
  const { setValues } = form
  // biome-ignore lint/correctness/useExhaustiveDependencies: follows the address alone
  useEffect(() => setValues({ user, actor }), [user, actor])
  return (
    <search className={styles.filters} aria-label="Filters">
      <form onSubmit={form.onSubmit(({ user, actor }) => onChange({ user: user.trim(), actor: actor.trim() }))}>
        <Group gap="xs" align="flex-start">
          <Select
            label="What"
            placeholder="Anything"
            clearable
            searchable
            w={190}
            clearButtonProps={{ 'aria-label': 'Anything' }}
            data={action && !actions.includes(action) ? [action, ...actions] : actions}
            value={action ?? null}
            onChange={(chosen) => onChange({ action: chosen ?? undefined })}
          />
          <TextInput label="Whose" placeholder="Id of a person" flex="1 1 200px" key={form.key('user')} {...form.getInputProps('user')} />
          <TextInput
            label="By whom"
            placeholder="Id of a person"
            flex="1 1 200px"
            key={form.key('actor')}
            {...form.getInputProps('actor')}
          />
          <Button type="submit" variant="default" mt={24}>
            Filter
          </Button>
          {(user || actor || action) && (
            <Button variant="subtle" mt={24} onClick={() => onChange({ user: undefined, actor: undefined, action: undefined })}>
              Show all
            </Button>
          )}
        </Group>
      </form>
    </search>
  )
}

const idOrNothing = (text: string) => (text.trim() === '' || isId(text.trim()) ? null : 'An id has the form 00000000-0000-…')

function Entries({ rows, onUser, onActor }: { rows: Entry[]; onUser: (id: string) => void; onActor: (id: string) => void }) {
  return (
    <Table>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>When</Table.Th>
          <Table.Th>What</Table.Th>
          <Table.Th className={styles.wide}>By whom</Table.Th>
          <Table.Th className={styles.wide}>Whose</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map((entry) => (
          <Table.Tr key={entry.id}>
            <Table.Td>
              <Moment at={entry.at} />
            </Table.Td>
            <Table.Td>
              <span className={styles.code}>{entry.action}</span>
              <Text size="xs" c="dimmed" component="div">
                {[entry.job, ...Object.entries(entry.details).map(([name, value]) => `${name} ${print(value)}`), entry.subject]
                  .filter(Boolean)
                  .join(' · ')}
              </Text>
              <Text size="xs" c="dimmed" component="div" className={styles.narrow}>
                {who(entry)} → {short(entry.userId)}
              </Text>
            </Table.Td>
            <Table.Td className={styles.wide}>
              {entry.actor.userId ? <Id id={entry.actor.userId} what="What they did" onClick={onActor} /> : who(entry)}
              {entry.actor.tokenId && (
                <Text size="xs" c="dimmed">
                  by a token
                </Text>
              )}
            </Table.Td>
            <Table.Td className={styles.wide}>
              {entry.userId ? <Id id={entry.userId} what="What was done to theirs" onClick={onUser} /> : '–'}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  )
}

const print = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, 80)
const short = (id: string | null) => (id ? `${id.slice(0, 8)}…` : '–')
const roleWords: Record<string, string> = {
  service_role: 'the app’s backend',
  operator: 'an operator’s command',
  database: 'the database itself',
}
const who = ({ actor }: Entry) => (actor.userId ? short(actor.userId) : (roleWords[actor.role] ?? actor.role))

function Id({ id, what, onClick }: { id: string; what: string; onClick: (id: string) => void }) {
  return (
    <Button
      variant="subtle"
      size="compact-xs"
      className={styles.code}
      title={`${what}: ${id}`}
      aria-label={`${what}: ${id}`}
      onClick={() => onClick(id)}
    >
      {short(id)}
    </Button>
  )
}
