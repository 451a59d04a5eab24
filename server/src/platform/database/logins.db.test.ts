import { randomBytes } from 'node:crypto'
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type Cluster, startCluster } from '../../../test/cluster.ts'
import { withDatabase } from '../../../test/harness.ts'
import { openSocket } from '../egress/known-sockets.ts'
import type { Keyring } from '../sealing/keyring.ts'
import { ensureLogins, type LoginName, type LoginUrls, loginNames, readLogins } from './logins.ts'
import { migrateUp } from './migrator.ts'
import { connectAsOwner, type Owner } from './owner.ts'
import { SetupError } from './setup-error.ts'

// Roles belong to the cluster, and these tests change their passwords: so the cluster is this file's own.
describe('the three logins', () => {
  const keyring: Keyring = [{ version: 'v1', key: randomBytes(32) }]
  const opened: Owner[] = []
  let cluster: Cluster
  let admin: Owner
  let owner: Owner

  const open = async (database: string) => {
    const connected = await connectAsOwner(withDatabase(cluster.url, database))
    opened.push(connected)
    return connected
  }
  const createDatabase = async (name: string, template = 'template0') => {
    await sql`create database ${sql.id(name)} template ${sql.id(template)}`.execute(admin.db)
    return open(name)
  }

  beforeAll(async () => {
    cluster = await startCluster(inject('serverPrograms'))
    admin = await connectAsOwner(cluster.url)
    owner = await createDatabase('first')
    await migrateUp(owner)
  })
  afterAll(async () => {
    for (const one of [...opened, admin]) await one.end()
    await cluster.stop()
  })

  const passwordOf = (url: string) => decodeURIComponent(new URL(url).password)
  const hashes = async () =>
    (
      await sql<{
        rolname: string
        rolpassword: string | null
      }>`select rolname, rolpassword from pg_authid where rolname = any(${loginNames}::text[]) order by rolname`.execute(admin.db)
    ).rows

  /** Runs a statement as a login, in a role it may take. */
  async function ask(urls: LoginUrls, login: LoginName, role: string, text: string): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: urls[login] })
    await client.connect()
    try {
      await client.query(`set role ${role}`)
      return (await client.query(text)).rows
    } finally {
      await client.end()
    }
  }

  async function expectToWork(urls: LoginUrls) {
    for (const login of loginNames) {
      expect(await ask(urls, login, 'none', 'select current_user as who, current_database() as place')).toEqual([
        { who: login, place: 'first' },
      ])
    }
  }

  it('are none before the first migration, and none before they are made', async () => {
    expect(await readLogins(await createDatabase('empty'), keyring)).toBeUndefined()
    expect(await readLogins(owner, keyring)).toBeUndefined()
    expect((await hashes()).map(({ rolpassword }) => rolpassword)).toEqual([null, null, null])
  })

  it('get in with passwords that are made once', async () => {
    const urls = await ensureLogins(owner, keyring)
    await expectToWork(urls)
    const kept = await hashes()
    expect(await ensureLogins(owner, keyring)).toEqual(urls)
    expect(await readLogins(owner, keyring)).toEqual(urls)
    expect(await hashes()).toEqual(kept)

    const passwords = loginNames.map((login) => passwordOf(urls[login]))
    expect(new Set(passwords).size).toBe(3)
    for (const password of passwords) expect(password.length).toBeGreaterThanOrEqual(32)
  })

  it('have passwords that stand in no statement and no parameter', async () => {
    await sql`delete from keyloft.logins`.execute(owner.db)
    const sent: string[] = []
    const db = new Kysely<unknown>({
      dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: owner.url, stream: openSocket, max: 1 }) }),
      log: ({ query }) => void sent.push(`${query.sql} ${JSON.stringify(query.parameters)}`),
    })
    const urls = await ensureLogins({ ...owner, db }, keyring)
    await db.destroy()
    await expectToWork(urls)
    const all = sent.join('\n')
    expect(all.match(/alter role "keyloft_\w+" password 'SCRAM-SHA-256\$4096:/g)).toHaveLength(3)
    for (const login of loginNames) {
      const password = passwordOf(urls[login])
      for (const form of [
        password,
        encodeURIComponent(password),
        Buffer.from(password).toString('base64'),
        Buffer.from(password).toString('hex'),
      ]) {
        expect(all).not.toContain(form)
      }
    }
  })

  it('have sealed passwords that only the owner reads', async () => {
    const urls = await ensureLogins(owner, keyring)
    const reader = 'select * from keyloft.logins'
    const ways: [LoginName, string][] = [
      ['keyloft_user', 'none'],
      ['keyloft_user', 'anon'],
      ['keyloft_user', 'authenticated'],
      ['keyloft_service', 'none'],
      ['keyloft_service', 'service_role'],
      ['keyloft_auth', 'none'],
    ]
    for (const [login, role] of ways)
      await expect(ask(urls, login, role, reader), `${login} as ${role}`).rejects.toMatchObject({ code: '42501' })
    for (const role of ['keyloft_definer', 'keyloft_owner']) {
      const read = owner.db.transaction().execute(async (tx) => {
        await sql`set local role ${sql.id(role)}`.execute(tx)
        return sql<{ sealed_password: string }>`select sealed_password from keyloft.logins`.execute(tx)
      })
      if (role === 'keyloft_definer') await expect(read).rejects.toMatchObject({ code: '42501' })
      else {
        const { rows } = await read
        expect(rows).toHaveLength(3)
        for (const { sealed_password } of rows) expect(sealed_password).toMatch(/^kr1\.v1\./)
      }
    }
  })

  it('stay closed under another root key, and when two sealed passwords were exchanged', async () => {
    const urls = await ensureLogins(owner, keyring)
    const kept = await hashes()
    await expect(ensureLogins(owner, [{ version: 'v1', key: randomBytes(32) }])).rejects.toMatchObject({ code: 'keyring.cannot_open' })
    await expect(ensureLogins(owner, [{ version: 'v2', key: randomBytes(32) }])).rejects.toMatchObject({ code: 'keyring.cannot_open' })

    const exchange = () =>
      sql`update keyloft.logins a set sealed_password = b.sealed_password from keyloft.logins b
           where (a.role_name, b.role_name) in (('keyloft_user', 'keyloft_service'), ('keyloft_service', 'keyloft_user'))`.execute(owner.db)
    await exchange()
    await expect(ensureLogins(owner, keyring)).rejects.toMatchObject({ code: 'keyring.cannot_open' })
    await exchange()
    expect(await hashes()).toEqual(kept)
    expect(await ensureLogins(owner, keyring)).toEqual(urls)
  })

  it('are healed where the roles have other passwords than the dump says, and only those', async () => {
    const urls = await ensureLogins(owner, keyring)
    const kept = await hashes()
    await sql`alter role keyloft_user password 'of another cluster'`.execute(admin.db)
    await sql`alter role keyloft_auth password null`.execute(admin.db)
    expect(await ensureLogins(owner, keyring)).toEqual(urls)
    await expectToWork(urls)
    const now = await hashes()
    expect(now.map(({ rolpassword }, index) => rolpassword === kept[index]?.rolpassword)).toEqual([false, true, false])
  })

  it('are left alone when the address they would be tried at does not answer', async () => {
    const kept = await hashes()
    const closed = 'postgresql://postgres:x@127.0.0.1:1/first'
    await expect(ensureLogins(owner, keyring, closed)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    expect(await hashes()).toEqual(kept)
  })

  it('are the same for several processes that make them, or heal them, at once', async () => {
    const owners = await Promise.all(Array.from({ length: 8 }, () => open('first')))
    for (let round = 0; round < 5; round++) {
      await sql`delete from keyloft.logins`.execute(owner.db)
      const [made, ...others] = await Promise.all(owners.map((one) => ensureLogins(one, keyring)))
      if (!made) return expect.unreachable()
      for (const other of others) expect(other).toEqual(made)
      await expectToWork(made)

      for (const login of loginNames) await sql`alter role ${sql.id(login)} password 'of another cluster'`.execute(admin.db)
      for (const healed of await Promise.all(owners.map((one) => ensureLogins(one, keyring)))) expect(healed).toEqual(made)
      await expectToWork(made)
    }
  })

  it('go to a pooler under its tenant, with everything else of its address kept', async () => {
    const direct = await ensureLogins(owner, keyring)
    const pooled = await readLogins(owner, keyring, 'postgresql://postgres.tenant-1:p%40ss@pooler.example.com:6543/first?sslmode=require')
    for (const login of loginNames) {
      expect(pooled?.[login]).toBe(
        `postgresql://${login}.tenant-1:${new URL(direct[login]).password}@pooler.example.com:6543/first?sslmode=require`,
      )
    }
  })

  it('are refused to a second database of the server, which is told the name of the first', async () => {
    const urls = await ensureLogins(owner, keyring)
    const kept = await hashes()
    const second = await createDatabase('second')
    await migrateUp(second)
    const refused = await ensureLogins(second, keyring).catch((error) => error)
    expect(refused).toBeInstanceOf(SetupError)
    expect(refused.message).toMatch(/serve another database of this server already \(first\)/)
    expect(refused.hint).toContain('DATABASE_USER_URL')
    expect((await sql`select from keyloft.logins`.execute(second.db)).rows).toEqual([])
    expect(await hashes()).toEqual(kept)
    await expectToWork(urls)
    await second.end()
    await sql`drop database second`.execute(admin.db)
  })

  it('are shared by a copy that has the same passwords, and are healed for neither of the two', async () => {
    await ensureLogins(owner, keyring)
    await owner.end()
    for (const one of opened.splice(0)) await one.end()
    const copy = await createDatabase('copy', 'first')
    owner = await open('first')
    const urls = await ensureLogins(copy, keyring)
    expect(await ask(urls, 'keyloft_user', 'anon', 'select current_database() as place')).toEqual([{ place: 'copy' }])

    await sql`alter role keyloft_service password 'of another cluster'`.execute(admin.db)
    await expect(ensureLogins(copy, keyring)).rejects.toThrow(/\(first\)/)
    await expect(ensureLogins(owner, keyring)).rejects.toThrow(/\(copy\)/)
  })
})
