import { sql } from 'kysely'
import pg from 'pg'
import { ConfigError } from '../config.ts'
import { loginNames, readLogins } from '../platform/database/logins.ts'
import { SetupError } from '../platform/database/setup-error.ts'
import { type Check, verifyDatabase } from '../platform/database/verify.ts'
import { openSocket } from '../platform/egress/known-sockets.ts'
import { openWithRootKey, sealWithRootKey } from '../platform/sealing/keyring.ts'
import { reportChecks } from './checks.ts'
import type { Output } from './output.ts'
import { type OwnerContext, withOwner } from './with-owner.ts'

/** What an operator asks before and after a deployment. Later rooms add their checks here. */
const rooms: ((context: OwnerContext) => Promise<Check[]>)[] = [
  checkDatabase,
  async ({ owner }) => verifyDatabase(owner),
  checkLogins,
  checkKeyring,
  checkStatementLogging,
  checkClock,
]

export async function doctor(output: Output): Promise<void> {
  const checks: Check[] = [checkNode()]
  try {
    await withOwner('doctor', { needsRootKeys: false }, async (context) => {
      for (const room of rooms) checks.push(...(await room(context)))
    })
  } catch (error) {
    // What keeps the doctor from looking is the finding.
    if (error instanceof ConfigError)
      checks.push(...error.faults.map((fault): Check => ({ id: 'config', outcome: 'failed', title: 'configuration', detail: fault })))
    else if (error instanceof SetupError)
      checks.push({
        id: 'database',
        outcome: 'failed',
        title: 'database',
        detail: error.message,
        ...(error.hint ? { hint: error.hint } : {}),
      })
    else throw error
  }
  reportChecks(output, checks)
}

function checkNode(): Check {
  return { id: 'node', outcome: 'ok', title: 'Node', detail: `${process.versions.node} on ${process.platform}-${process.arch}` }
}

async function checkDatabase({ owner, config }: OwnerContext): Promise<Check[]> {
  const version = `PostgreSQL ${Math.floor(owner.serverVersion / 10_000)}.${owner.serverVersion % 10_000}`
  return [{ id: 'database', outcome: 'ok', title: 'database', detail: `${version}, ${config.database.kind}` }]
}

async function checkLogins({ owner, config, keyring }: OwnerContext): Promise<Check[]> {
  const title = 'the three logins get in'
  const given = config.database.kind === 'external' ? config.database.loginUrls : undefined
  if (!given && !keyring)
    return [
      {
        id: 'logins',
        outcome: 'warning',
        title,
        detail: 'not tried without the root keys',
        hint: 'Run doctor with KEYLOFT_ROOT_KEYS set.',
      },
    ]
  let urls = given
  try {
    urls ??= keyring && (await readLogins(owner, keyring))
  } catch {
    return [
      {
        id: 'logins',
        outcome: 'failed',
        title,
        detail: 'their passwords do not open with these root keys',
        hint: 'Set the root keys this database was migrated with.',
      },
    ]
  }
  if (!urls) return [{ id: 'logins', outcome: 'failed', title, detail: 'they have no passwords yet', hint: 'keyloft migrate up' }]
  const refused: string[] = []
  for (const name of loginNames) {
    const client = new pg.Client({ connectionString: urls[name], stream: openSocket, connectionTimeoutMillis: 5_000 })
    await client.connect().catch((error) => refused.push(`${name} (${error.code ?? error.message})`))
    await client.end().catch(() => {})
  }
  return [
    refused.length === 0
      ? { id: 'logins', outcome: 'ok', title }
      : {
          id: 'logins',
          outcome: 'failed',
          title,
          detail: `not ${refused.join(', ')}`,
          hint: 'keyloft migrate up sets their passwords again.',
        },
  ]
}

async function checkKeyring({ keyring }: OwnerContext): Promise<Check[]> {
  const title = 'keyring seals and opens'
  if (!keyring)
    return [
      {
        id: 'keyring',
        outcome: 'warning',
        title,
        detail: 'no root keys are set',
        hint: 'Set KEYLOFT_ROOT_KEYS; the server does not start without.',
      },
    ]
  const opens = openWithRootKey(keyring, ['doctor'], sealWithRootKey(keyring, ['doctor'], 'probe')) === 'probe'
  return [
    { id: 'keyring', outcome: opens ? 'ok' : 'failed', title, detail: `versions ${keyring.map(({ version }) => version).join(', ')}` },
  ]
}

/** A server that logs statements or parameters writes down what people send. */
async function checkStatementLogging({ owner }: OwnerContext): Promise<Check[]> {
  const { rows } = await sql<{ setting: string }>`
    select name || ' = ' || setting as setting from pg_settings
     where (name = 'log_statement' and setting in ('mod', 'all'))
        or (name = 'log_min_duration_statement' and setting <> '-1')
        or (name = 'log_parameter_max_length_on_error' and setting <> '0')
        or (name = 'log_min_error_statement' and setting not in ('panic', 'fatal', 'log'))`.execute(owner.db)
  const title = 'the server keeps statements and parameters out of its log'
  if (rows.length === 0) return [{ id: 'statement-logging', outcome: 'ok', title }]
  return [
    {
      id: 'statement-logging',
      outcome: 'warning',
      title,
      detail: rows.map(({ setting }) => setting).join(', '),
      hint: 'log_statement = none, log_min_error_statement = panic, log_min_duration_statement = -1, log_parameter_max_length_on_error = 0',
    },
  ]
}

async function checkClock({ owner }: OwnerContext): Promise<Check[]> {
  const before = Date.now()
  const { rows } = await sql<{ now: string }>`select (extract(epoch from clock_timestamp()) * 1000)::text as now`.execute(owner.db)
  const offMs = Math.round(Number(rows[0]?.now) - (before + Date.now()) / 2)
  const title = 'clocks of this machine and the database agree'
  return [
    Math.abs(offMs) < 2_000
      ? { id: 'clock', outcome: 'ok', title, detail: `${offMs} ms apart` }
      : {
          id: 'clock',
          outcome: 'failed',
          title,
          detail: `${offMs} ms apart`,
          hint: 'Let both follow the same time server; windows and expiries depend on it.',
        },
  ]
}
