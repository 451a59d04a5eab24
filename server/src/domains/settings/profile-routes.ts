import { sql } from 'kysely'
import { z } from 'zod'
import type { Database, Tx } from '../../platform/database/database.ts'
import type { Tables } from '../../platform/database/tables.ts'
import { defineRoute, type Route } from '../../platform/http/define-route.ts'
import { deactivate } from './deactivate.ts'

/** What sign-in knows of a person. */
interface KnownAccount {
  email: string
  emailVerified: boolean
  username: string | null
  createdAt: Date
}

export interface ProfileDeps {
  database: Pick<Database, 'asPrincipal' | 'system'>
  accountOf: (userId: string) => Promise<KnownAccount | undefined>
  /** Signs a person out everywhere, here and now. */
  shutOut: (userId: string) => Promise<void>
  /** Of which tables a person is told how many rows they have, and under which name. */
  counted: Record<string, keyof Tables>
  eraseAfterDays: number
}

const shown = {
  displayName: z.string().trim().min(1).max(200).nullable(),
  bio: z.string().max(2_000).nullable(),
  avatarUrl: z
    .url({ protocol: /^https$/ })
    .max(2_000)
    .nullable(),
  preferences: z.record(z.string().max(200), z.unknown()).describe('Whatever the app keeps for this person; at most 64 kB.'),
}

const profileSchema = z
  .object({
    id: z.uuid(),
    email: z.string().nullable().describe('Null where accounts are kept elsewhere and the credential does not say.'),
    emailVerified: z.boolean(),
    username: z.string().nullable(),
    ...shown,
    tier: z.enum(['free', 'pro']),
    isAdmin: z.boolean(),
    createdAt: z.string().nullable(),
    stats: z.record(z.string(), z.int()).describe('How many of each the person has.'),
  })
  .meta({ id: 'Profile' })

export function profileRoutes(deps: ProfileDeps): Route[] {
  const { database, accountOf, shutOut, counted } = deps

  async function read(tx: Tx, userId: string) {
    const profile = await tx.selectFrom('user_profiles').selectAll().where('user_id', '=', userId).executeTakeFirst()
    const standing = await tx.selectFrom('user_standing').select(['tier', 'is_admin']).where('user_id', '=', userId).executeTakeFirst()
    const stats: Record<string, number> = {}
    for (const [name, table] of Object.entries(counted)) stats[name] = await count(tx, table, userId)
    return { profile, standing, stats }
  }

  return [
    defineRoute({
      method: 'GET',
      path: '/api/profile',
      policy: { allow: 'user', scope: 'read' },
      schema: { summary: 'Who you are here, and what you have', reply: profileSchema },
      handler: async ({ principal }) => {
        const { sub = '', email } = principal.claims
        const account = await accountOf(sub)
        const { profile, standing, stats } = await database.asPrincipal(principal, (tx) => read(tx, sub))
        return {
          id: sub,
          email: account?.email ?? (typeof email === 'string' ? email : null),
          emailVerified: account?.emailVerified ?? false,
          username: account?.username ?? null,
          displayName: profile?.display_name ?? null,
          bio: profile?.bio ?? null,
          avatarUrl: profile?.avatar_url ?? null,
          preferences: (profile?.preferences ?? {}) as Record<string, unknown>,
          tier: (standing?.tier ?? 'free') as 'free' | 'pro',
          isAdmin: standing?.is_admin ?? false,
          createdAt: account?.createdAt.toISOString() ?? null,
          stats,
        }
      },
    }),
    defineRoute({
      method: 'PUT',
      path: '/api/profile',
      policy: { allow: 'user', scope: 'account' },
      schema: {
        summary: 'Change what you show of yourself',
        description: 'What is left out stays as it is; null takes it away.',
        body: z.object(shown).partial(),
        reply: z.object(shown),
      },
      handler: async ({ principal, body }) => {
        const { displayName, bio, avatarUrl, preferences } = body
        const changed = {
          ...(displayName === undefined ? {} : { display_name: displayName }),
          ...(bio === undefined ? {} : { bio }),
          ...(avatarUrl === undefined ? {} : { avatar_url: avatarUrl }),
          ...(preferences === undefined ? {} : { preferences: JSON.stringify(preferences) }),
        }
        const row = await database.asPrincipal(principal, (tx) => save(tx, principal.claims.sub ?? '', changed))
        return {
          displayName: row.display_name,
          bio: row.bio,
          avatarUrl: row.avatar_url,
          preferences: row.preferences as Record<string, unknown>,
        }
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/profile',
      policy: { allow: 'user', scope: 'account' },
      schema: {
        summary: 'Close your account',
        description: 'At once: every credential is refused, and your keys are destroyed. After eraseAfter all you own is deleted.',
        reply: z.object({ eraseAfter: z.string() }),
      },
      handler: async ({ principal, request }) => {
        const { sub = '' } = principal.claims
        const asked = { principal, requestId: request.id }
        const eraseAfter = await database.system('deactivate an account', (tx) => deactivate(tx, sub, deps.eraseAfterDays), asked)
        await shutOut(sub)
        return { eraseAfter: eraseAfter.toISOString() }
      },
    }),
  ]
}

async function count(tx: Tx, table: keyof Tables, userId: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*)::int as count from ${sql.table(table)} where user_id = ${userId}`.execute(
    tx,
  )
  return rows[0]?.count ?? 0
}

function save(tx: Tx, user_id: string, changed: object) {
  const insert = tx.insertInto('user_profiles').values({ user_id, ...changed })
  const upsert = insert.onConflict((on) =>
    // Nothing to change still needs the row that is there.
    Object.keys(changed).length > 0
      ? on.column('user_id').doUpdateSet(changed)
      : on.column('user_id').doUpdateSet({ bio: sql`user_profiles.bio` }),
  )
  return upsert.returningAll().executeTakeFirstOrThrow()
}
