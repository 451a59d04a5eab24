import { sql } from 'kysely'
import { afterAll, describe, expect, it } from 'vitest'
import { createTestDatabase } from '../../../test/harness.ts'
import { createSignals } from './signals.ts'

describe('signals of what other processes changed', async () => {
  const { owner, urls } = await createTestDatabase()
  const clock = { now: Date.now() }
  const logged: string[] = []
  const log = { info: (line: string) => void logged.push(line), warn: (line: string) => void logged.push(line) } as never
  const signals = createSignals({ databaseUrl: urls.keyloft_auth, clock: () => clock.now, log })
  const forgotten: (string | undefined)[] = []
  signals.onChanged('thing', (key) => forgotten.push(key))
  afterAll(() => signals.stop())
  const isLive = () => expect.poll(() => signals.isLive(), { timeout: 5_000, interval: 20 })
  const notify = (payload: string) => sql`select pg_notify('keyloft', ${payload})`.execute(owner.db)

  it('are not heard before the start, and everything is forgotten when they begin to be', async () => {
    expect(signals.isLive()).toBe(false)
    signals.start()
    await isLive().toBe(true)
    expect(forgotten.splice(0)).toEqual([undefined])
  })

  it('name what changed, after it has', async () => {
    await sql`
      create table public.things (id text primary key, part text);
      create trigger signal after insert or update or delete on public.things
        for each row execute function keyloft.signal_change('thing', 'id');
      insert into public.things values ('a', 'x');`.execute(owner.db)
    await sql`update public.things set id = 'b'`.execute(owner.db)
    await sql`delete from public.things`.execute(owner.db)
    await expect.poll(() => forgotten).toEqual(['a', 'a', 'b'])
    await owner.db
      .transaction()
      .execute(async (tx) => {
        await sql`insert into public.things values ('c')`.execute(tx)
        throw new Error('undo')
      })
      .catch(() => {})
    await notify('thing d')
    await expect.poll(() => forgotten.at(-1)).toBe('d')
    expect(forgotten.splice(0)).toEqual(['a', 'a', 'b', 'd'])
  })

  it('are nothing where they have another form or topic', async () => {
    for (const payload of ['', 'thing', 'thing ', 'thing a b', 'Thing a', `thing ${'x'.repeat(201)}`, 'other a', 'constructor a']) {
      await notify(payload)
    }
    await notify('thing last')
    await expect.poll(() => forgotten.splice(0)).toEqual(['last'])
  })

  it('are not live three seconds after the last echo, and are again with the next', async () => {
    await isLive().toBe(true)
    clock.now += 3_000
    expect(signals.isLive()).toBe(false)
    await isLive().toBe(true)
    expect(forgotten).toEqual([])
  })

  it('are not live from the moment their connection breaks; then they are, and everything is forgotten', async () => {
    const { rows } = await sql<{ ended: boolean }>`
      select pg_terminate_backend(pid) as ended from pg_stat_activity
       where application_name = 'keyloft signals' and datname = current_database()`.execute(owner.db)
    expect(rows).toEqual([{ ended: true }])
    await isLive().toBe(false)
    await isLive().toBe(true)
    expect(forgotten.splice(0)).toEqual([undefined])
    expect(logged).toHaveLength(2)
  })

  it('are not waited for at the end', async () => {
    await signals.stop()
    expect(signals.isLive()).toBe(false)
    expect(logged).toHaveLength(2)
  })
})
