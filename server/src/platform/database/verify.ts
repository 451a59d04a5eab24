import { sql } from 'kysely'
import { runCatalogueChecks } from './catalogue-checks.ts'
import { authIsForeign, migrationStatus } from './migrator.ts'
import type { Owner } from './owner.ts'

export interface Check {
  id: string
  outcome: 'ok' | 'warning' | 'failed'
  title: string
  detail?: string
  hint?: string
}

/** Whether a live database is what the migrations meant it to be. */
export async function verifyDatabase(owner: Owner): Promise<Check[]> {
  const checks = [await checkMigrations(owner)]
  if (checks[0]?.outcome === 'failed') return checks
  const catalogue = await runCatalogueChecks(owner.db)
  return [
    ...checks,
    ...catalogue.map(
      ({ id, claim, hint, offenders }): Check => ({
        id,
        title: claim,
        ...(offenders.length === 0 ? { outcome: 'ok' } : { outcome: 'failed', detail: `not ${offenders.join(', ')}`, hint }),
      }),
    ),
    ...(await askTheSeedsQuestions(owner)),
  ]
}

async function checkMigrations(owner: Owner): Promise<Check> {
  const title = 'migrations are applied, as they were written'
  const off = (await migrationStatus(owner)).filter(({ state }) => state !== 'applied')
  if (off.length === 0) return { id: 'migrations', outcome: 'ok', title }
  return {
    id: 'migrations',
    outcome: 'failed',
    title,
    detail: off.map(({ name, state }) => `${name} is ${state}`).join(', '),
    hint: 'keyloft migrate up',
  }
}

interface Question {
  id: string
  title: string
  /** One row per thing found missing. */
  query: ReturnType<typeof sql<{ missing: string }>>
}

/** What the verification queries of the systems we replace ask, of the tables that hold the answer here. */
const questions: Question[] = [
  {
    id: 'settings-protected',
    title: 'user_settings is there, protected, and answers to its owner and to service_role',
    query: sql`
      select 'policy for ' || role as missing from unnest(array['authenticated', 'service_role']) role
       where not exists (select from pg_policies where schemaname = 'public' and tablename = 'user_settings' and role = any (roles))`,
  },
  {
    id: 'fallback-defaults-to-yes',
    title: 'a person who never chose allows the gateway fallback',
    query: sql`
      select 'default of allow_gateway_fallback' as missing
       where not exists (select from information_schema.columns
                          where table_schema = 'public' and table_name = 'user_settings' and column_name = 'allow_gateway_fallback'
                            and column_default = 'true' and is_nullable = 'NO')`,
  },
  {
    id: 'updated-at-kept',
    title: 'every public table with updated_at keeps it by a trigger',
    query: sql`
      select c.table_name::text as missing from information_schema.columns c
        join pg_class t on t.oid = format('public.%I', c.table_name)::regclass and t.relowner = 'keyloft_owner'::regrole and t.relkind in ('r', 'p')
       where c.table_schema = 'public' and c.column_name = 'updated_at'
         and not exists (select from pg_trigger where tgrelid = t.oid and tgfoid = 'keyloft.set_updated_at()'::regprocedure)`,
  },
]

async function askTheSeedsQuestions(owner: Owner): Promise<Check[]> {
  const checks: Check[] = []
  for (const { id, title, query } of questions) {
    const { rows } = await query.execute(owner.db)
    checks.push(
      rows.length === 0
        ? { id, outcome: 'ok', title }
        : {
            id,
            outcome: 'failed',
            title,
            detail: `missing ${rows.map(({ missing }) => missing).join(', ')}`,
            hint: 'keyloft migrate down and up on a copy shows the difference',
          },
    )
  }
  const foreign = await authIsForeign(owner.db)
  checks.push({
    id: 'identity',
    outcome: 'ok',
    title: foreign ? 'identity is kept by Supabase; its schema auth is left alone' : 'identity is kept by Keyloft, in schema auth',
  })
  return checks
}
