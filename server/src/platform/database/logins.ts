import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import pg from 'pg'
import { openSocket } from '../egress/known-sockets.ts'
import type { Keyring } from '../sealing/keyring.ts'
import { openWithRootKey, sealWithRootKey } from '../sealing/keyring.ts'
import type { Owner } from './owner.ts'
import { SetupError } from './setup-error.ts'

export const loginNames = ['keyloft_user', 'keyloft_service', 'keyloft_auth'] as const
export type LoginName = (typeof loginNames)[number]
export type LoginUrls = Readonly<Record<LoginName, string>>

/**
 * Makes sure that the server can get in by its three logins, and says how. Passwords are made once, sealed under the
 * root key and kept in keyloft.logins; PostgreSQL is told a SCRAM verifier, so no password stands in any SQL text.
 */
export async function ensureLogins(owner: Owner, keyring: Keyring, servingUrl = owner.url): Promise<LoginUrls> {
  const urls = (await readLogins(owner, keyring, servingUrl)) ?? (await makeLogins(owner, keyring, servingUrl))
  const refused = await loginsRefused(urls)
  if (refused.length > 0) {
    // A dump restored into another cluster: the sealed passwords came along, the roles' own did not.
    await refuseIfShared(owner)
    await setPasswords(owner, refused, urls)
  }
  return urls
}

/**
 * The addresses of the three logins, or undefined where this database has none yet.
 * @param servingUrl where they connect, when not where the owner does (a pooler)
 */
export async function readLogins(owner: Owner, keyring: Keyring, servingUrl = owner.url): Promise<LoginUrls | undefined> {
  const { rows: exists } = await sql`select where to_regclass('keyloft.logins') is not null`.execute(owner.db)
  if (exists.length === 0) return undefined
  const rows = await asOwner(owner, (tx) =>
    sql<{ role_name: LoginName; sealed_password: string }>`select role_name, sealed_password from keyloft.logins`.execute(tx),
  )
  if (rows.length < loginNames.length) return undefined
  const passwords = new Map(rows.map((row) => [row.role_name, openWithRootKey(keyring, purposeOf(row.role_name), row.sealed_password)]))
  return urlsFor(servingUrl, (name) => passwords.get(name) ?? '')
}

async function makeLogins(owner: Owner, keyring: Keyring, servingUrl: string): Promise<LoginUrls> {
  await refuseIfShared(owner)
  const passwords = new Map(loginNames.map((name) => [name, randomBytes(24).toString('base64url')]))
  await owner.db.transaction().execute(async (tx) => {
    await oneAtATime(tx)
    await sql`set local role keyloft_owner`.execute(tx)
    for (const [name, password] of passwords) {
      const sealed = sealWithRootKey(keyring, purposeOf(name), password)
      await sql`insert into keyloft.logins (role_name, sealed_password) values (${name}, ${sealed}) on conflict do nothing`.execute(tx)
    }
  })
  const urls = await readLogins(owner, keyring, servingUrl) // of two processes that made them at once, the first one's count
  if (!urls) throw new Error('the logins were not kept')
  await setPasswords(owner, loginNames, urls)
  return urls
}

const purposeOf = (name: LoginName) => ['login', name]

async function asOwner<R>(owner: Owner, work: (tx: Owner['db']) => Promise<{ rows: R[] }>): Promise<R[]> {
  return owner.db.transaction().execute(async (tx) => {
    await sql`set local role keyloft_owner`.execute(tx)
    return (await work(tx)).rows
  })
}

/** The same server and database under the logins' names. A pooler's `user.tenant` keeps its tenant. */
function urlsFor(serverUrl: string, passwordOf: (name: LoginName) => string): LoginUrls {
  const tenant = /\..*$/.exec(decodeURIComponent(new URL(serverUrl).username))?.[0] ?? ''
  const urlOf = (name: LoginName) => {
    const url = new URL(serverUrl)
    url.username = encodeURIComponent(name + tenant)
    url.password = encodeURIComponent(passwordOf(name))
    return url.href
  }
  return Object.fromEntries(loginNames.map((name) => [name, urlOf(name)])) as unknown as LoginUrls
}

async function loginsRefused(urls: LoginUrls): Promise<LoginName[]> {
  const refused: LoginName[] = []
  for (const name of loginNames) {
    const client = new pg.Client({
      connectionString: urls[name],
      stream: openSocket,
      connectionTimeoutMillis: 5_000,
      application_name: 'keyloft login check',
    })
    try {
      await client.connect()
    } catch (error) {
      if ((error as pg.DatabaseError).code !== '28P01') throw error
      refused.push(name)
    } finally {
      await client.end().catch(() => {})
    }
  }
  return refused
}

/** Roles belong to the cluster: a new password would lock out another database's Keyloft. */
async function refuseIfShared(owner: Owner) {
  const { rows } = await sql<{ datname: string }>`
    select distinct datname
      from pg_shdepend join pg_database on pg_database.oid = dbid
     where refclassid = 'pg_authid'::regclass
       and refobjid in ('keyloft_user'::regrole, 'keyloft_service'::regrole, 'keyloft_auth'::regrole)
       and datname <> current_database()`.execute(owner.db)
  if (rows.length === 0) return
  throw new SetupError(
    `The logins keyloft_user, keyloft_service and keyloft_auth serve another database of this server already (${rows.map(({ datname }) => datname).join(', ')}).`,
    'Set DATABASE_USER_URL, DATABASE_SERVICE_URL and DATABASE_AUTH_URL with the passwords they have, or use another server.',
  )
}

/** All or none, and one process at a time: PostgreSQL refuses to alter a role that another transaction is altering. */
async function setPasswords(owner: Owner, names: readonly LoginName[], urls: LoginUrls) {
  await owner.db.transaction().execute(async (tx) => {
    await oneAtATime(tx)
    for (const name of names) {
      const password = decodeURIComponent(new URL(urls[name]).password)
      await sql`alter role ${sql.id(name)} password ${sql.lit(scramVerifier(password))}`.execute(tx)
    }
  })
}

async function oneAtATime(tx: Owner['db']) {
  await sql`select pg_advisory_xact_lock(hashtextextended('keyloft: logins', 0))`.execute(tx)
}

/** RFC 5803, as PostgreSQL stores it. The passwords are random ASCII, so SASLprep has nothing to change. */
function scramVerifier(password: string): string {
  const iterations = 4096
  const salt = randomBytes(16)
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256')
  const keyed = (text: string) => createHmac('sha256', salted).update(text).digest()
  const storedKey = createHash('sha256').update(keyed('Client Key')).digest('base64')
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${keyed('Server Key').toString('base64')}`
}
