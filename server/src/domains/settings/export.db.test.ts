import { strFromU8, unzipSync } from 'fflate'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { createTestApp } from '../../../test/app.ts'
import { samples } from '../../../test/isolation/samples.ts'
import { peopleOf, type SignedIn } from '../../../test/person.ts'
import { findOwnTables } from './export-account.ts'

describe('the archive of an account', async () => {
  const test = await createTestApp()
  const { owner } = test
  const people = peopleOf(test)
  async function download({ ask }: SignedIn) {
    const reply = await ask('GET', '/api/account/export')
    expect(reply.headers).toMatchObject({
      'content-type': 'application/zip',
      'content-disposition': expect.stringMatching(/^attachment; filename="keyloft-account-\d{4}-\d\d-\d\d\.zip"$/),
    })
    const files = Object.entries(unzipSync(reply.rawPayload)).map(([name, bytes]) => [name, strFromU8(bytes)] as const)
    return Object.fromEntries(files)
  }
  const linesOf = (text = '') =>
    text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>)

  it('holds what the person owns, their account, and nothing of anybody else', async () => {
    const [ada, bob] = [await people.signUp(), await people.signUp()]
    for (const { ask, email } of [ada, bob]) {
      await ask('PUT', '/api/profile', { displayName: email, preferences: { theme: 'dark' } })
      await ask('POST', '/api/tokens', { name: `token of ${email}` })
    }
    const files = await download(ada)
    expect(JSON.parse(files['account.json'] ?? '')).toMatchObject({
      account: { id: ada.id, email: ada.email },
      signInWays: [{ provider: 'credential' }],
      sessions: [{ ipAddress: expect.any(String) }],
    })
    expect(linesOf(files['user_profiles.jsonl'])).toMatchObject([
      { user_id: ada.id, display_name: ada.email, preferences: { theme: 'dark' } },
    ])
    expect(linesOf(files['api_tokens.jsonl'])).toMatchObject([{ user_id: ada.id, name: `token of ${ada.email}` }])
    const everything = Object.values(files).join('\n')
    expect(everything).not.toContain(bob.id)
    expect(everything).not.toContain(bob.email)
    const { rows } = await sql<{ secret: string }>`
      select encode(secret_hash, 'hex') as secret from api_tokens union all select password from auth.accounts where password is not null
      union all select token from auth.sessions`.execute(owner.db)
    for (const { secret } of rows) expect(everything).not.toContain(secret)
    expect(everything).not.toMatch(/secret_hash|sealed|password/)
  })

  it('has a file for every table of public in which people own rows, those added later too', async () => {
    const ada = await people.signUp()
    await sql`
      create table public.lamps (user_id uuid not null, place int, shade text, wiring text, primary key (user_id, place));
      grant select (user_id, place, shade) on public.lamps to authenticated;`.execute(owner.db)
    await sql`insert into public.lamps select ${ada.id}, n, 'green', 'private' from generate_series(1, 1201) n`.execute(owner.db)
    await sql`insert into public.lamps select gen_random_uuid(), n, 'red', 'private' from generate_series(1, 100) n`.execute(owner.db)
    const files = await download(ada)
    expect(linesOf(files['lamps.jsonl'])).toEqual(
      Array.from({ length: 1_201 }, (_, n) => ({ user_id: ada.id, place: n + 1, shade: 'green' })),
    )
    await sql`drop table public.lamps`.execute(owner.db)

    const { rows } = await sql<{ name: string }>`
      select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'user_id'
       where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition`.execute(owner.db)
    const expected = rows.map(({ name }) => name)
    expect(Object.keys(files).sort()).toEqual(expect.arrayContaining(expected.map((name) => `${name}.jsonl`)))
    const tables = await test.database.asPrincipal((await test.makePerson()).principal, findOwnTables)
    for (const { name, key, columns } of tables) {
      expect(key.length, `${name} has a primary key`).toBeGreaterThan(0)
      expect(columns, `${name}'s key can be read`).toEqual(expect.arrayContaining(key))
    }
    for (const name of expected) expect(Object.keys(samples)).toContain(`public.${name}`)
  })
})
