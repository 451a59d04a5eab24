import { sql } from 'kysely'
import type { Database } from '../platform/database/database.ts'
import { authIsForeign } from '../platform/database/migrator.ts'
import type { Owner } from '../platform/database/owner.ts'
import { SetupError } from '../platform/database/setup-error.ts'
import type { Output } from './output.ts'
import { withDatabase } from './with-database.ts'

interface Person {
  id: string
  name: string
  username: string
  bio: string
  allowGatewayFallback: boolean
  settings: Record<string, string>
}

const id = (n: number) => `5eed0000-0000-4000-8000-${String(n).padStart(12, '0')}`

/** Fixed ids and addresses under example.com: seeding twice changes nothing, and seeded people are known at a glance. */
const people: Person[] = [
  { id: id(1), name: 'Ada Okafor', username: 'ada', bio: 'Builds a tutor that reads along.', allowGatewayFallback: true, settings: {} },
  {
    id: id(2),
    name: 'Bruno Keller',
    username: 'bruno',
    bio: 'Law firm of one; summarises contracts.',
    allowGatewayFallback: false,
    settings: { maxMessagesPerDay: '100' },
  },
  { id: id(3), name: 'Chiara Lindqvist', username: 'chiara', bio: 'Translates poems, slowly.', allowGatewayFallback: true, settings: {} },
  {
    id: id(4),
    name: 'Devi Raman',
    username: 'devi',
    bio: 'Runs forty agents over night.',
    allowGatewayFallback: true,
    settings: { maxMessagesPerDay: '2000', maxSandboxDuration: '600' },
  },
  { id: id(5), name: 'Emil Sørensen', username: 'emil', bio: 'Just looking around.', allowGatewayFallback: true, settings: {} },
]
const emailOf = ({ username }: Person) => `${username}@example.com`

/** Fills a development database. Refuses where people are who did not come from here. */
export async function seed(output: Output): Promise<void> {
  await withDatabase('seed', async ({ owner, database }) => {
    await requireDevelopment(owner)
    await addPeople(database)
    output.result({ people: people.map((person) => ({ id: person.id, email: emailOf(person) })) }, [
      ...people.map((person) => `  ${person.id}  ${emailOf(person).padEnd(20)} ${person.name}`),
      `${people.length} people are there, with profiles and settings.`,
    ])
  })
}

async function requireDevelopment(owner: Owner) {
  if (await authIsForeign(owner.db))
    throw new SetupError(
      'Accounts are kept by Supabase here.',
      'Make its test users in Supabase; seeding fills Keyloft’s own accounts only.',
    )
  const { rows } = await sql<{
    count: string
  }>`select count(*) from auth.users where id <> all (${people.map((person) => person.id)}::uuid[])`.execute(owner.db)
  if (rows[0]?.count !== '0')
    throw new SetupError(
      `This database has ${rows[0]?.count} accounts of its own.`,
      'Seeding is for a development database; nothing was changed.',
    )
}

async function addPeople(database: Database) {
  for (const person of people) {
    await database.pools.auth.query(
      `insert into auth.users (id, email, email_verified, name, username, display_username) values ($1, $2, true, $3, $4, $4) on conflict (id) do nothing`,
      [person.id, emailOf(person), person.name, person.username],
    )
  }
  await database.system('seed', async (tx) => {
    for (const { id, name, bio, allowGatewayFallback, settings } of people) {
      await tx
        .insertInto('user_profiles')
        .values({ user_id: id, display_name: name, bio })
        .onConflict((on) => on.doNothing())
        .execute()
      await tx
        .insertInto('user_settings')
        .values({ user_id: id, allow_gateway_fallback: allowGatewayFallback })
        .onConflict((on) => on.doNothing())
        .execute()
      for (const [key, value] of Object.entries(settings)) {
        await tx
          .insertInto('settings')
          .values({ user_id: id, key, value })
          .onConflict((on) => on.doNothing())
          .execute()
      }
    }
  })
}
