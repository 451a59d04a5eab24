import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { everythingOf, keysOf, ownerColumns, plantEverywhere, plantKey } from '../../../test/everything-of.ts'
import { createTestDatabase } from '../../../test/harness.ts'
import { createSecrets } from '../../platform/secrets/secrets.ts'
import { moveAccount } from './move-account.ts'

describe('moving an anonymous account', async () => {
  const test = await createTestDatabase()
  const { database, owner, keyring } = test
  const secrets = createSecrets({ database, keyring, clock: Date.now })
  const move = (from: string, to: string) => moveAccount({ database, secrets }, from, to)
  const count = async (text: ReturnType<typeof sql<{ count: number }>>) => (await text.execute(owner.db)).rows[0]?.count

  async function makeAnonymous() {
    const { id } = await test.makePerson()
    await sql`update auth.users set is_anonymous = true where id = ${id}`.execute(owner.db)
    return id
  }
  async function makeBoth() {
    const from = await makeAnonymous()
    const to = (await test.makePerson()).id
    return { from, to }
  }
  async function plantBoth() {
    const both = await makeBoth()
    for (const id of [both.from, both.to]) await plantEverywhere(test, id)
    await plantKey(test, both.from, 'openai', 'sk-of-the-anonymous')
    await plantKey(test, both.from, 'anthropic', 'sk-ant-of-the-anonymous', 'work')
    await plantKey(test, both.to, 'openai', 'sk-of-the-account')
    return both
  }
  const rules = async () =>
    new Map(
      (await sql<{ table_name: string; rule: string }>`select table_name, rule from keyloft.move_rules`.execute(owner.db)).rows.map(
        (row) => [row.table_name, row.rule],
      ),
    )
  /** How many rows of a person lie in each table. */
  const counts = async (id: string) =>
    Object.fromEntries(Object.entries(await everythingOf(test, [id])).map(([relation, rows]) => [relation, rows.length]))

  it('takes along every row of every table in which there can be one, or does what a rule says', async () => {
    const { from, to } = await makeBoth()
    await plantEverywhere(test, from)
    await plantKey(test, from, 'openai', 'sk-of-the-anonymous')
    const before = await counts(from)
    expect(await move(from, to)).toBe('moved')
    const [after, left, byRule] = [await counts(to), await counts(from), await rules()]
    const kept = new Set(['keyloft.audit_log', 'keyloft.user_aliases', 'auth.users', 'keyloft.data_keys', 'auth.accounts', 'auth.sessions'])
    for (const { relation } of await ownerColumns(test)) {
      if (kept.has(relation)) continue
      expect(left[relation], relation).toBe(byRule.get(relation) === 'stays' ? before[relation] : 0)
      expect(after[relation], relation).toBe(byRule.get(relation) === 'ends' ? 0 : before[relation])
    }
    expect(left['auth.users']).toBe(0)
    expect(await keysOf(test, to)).toEqual({ 'openai/': 'sk-of-the-anonymous' })
  })

  it('has the samples of every table that holds a person’s rows, so that none is left out above', async () => {
    const { from } = await plantBoth()
    const planted = await counts(from)
    const without = ['auth.accounts', 'auth.external_identities', 'keyloft.user_aliases']
    expect(Object.entries(planted).filter(([relation, rows]) => rows === 0 && !without.includes(relation))).toEqual([])
  })

  it('loses no key and seals each anew, under another name where the account has one of that name', async () => {
    const { from, to } = await plantBoth()
    await plantKey(test, to, 'openai', 'sk-another-of-the-account', 'moved')
    const { rows: old } = await sql<{
      id: string
      sealed: string
    }>`select id, sealed from keyloft.secrets where user_id in (${from})`.execute(owner.db)
    expect(await move(from, to)).toBe('moved')
    expect(await keysOf(test, to)).toEqual({
      'openai/': 'sk-of-the-account',
      'openai/moved': 'sk-another-of-the-account',
      'openai/moved-3': 'sk-of-the-anonymous',
      'anthropic/work': 'sk-ant-of-the-anonymous',
    })
    expect(old).toHaveLength(2)
    expect(await count(sql`select count(*)::int as count from keyloft.secrets where id = any (${old.map(({ id }) => id)})`)).toBe(0)
    expect(await count(sql`select count(*)::int as count from keyloft.data_keys where user_id = ${from}`)).toBe(0)
    expect(await count(sql`select count(*)::int as count from keyloft.secrets where user_id = ${to}`)).toBe(4)
  })

  it('merges what excludes each other as it is written down', async () => {
    const { from, to } = await plantBoth()
    await sql`update public.user_settings set allow_gateway_fallback = user_id = ${to} where user_id in (${from}, ${to})`.execute(owner.db)
    await sql`delete from public.user_quota_limits where user_id in (${from}, ${to})`.execute(owner.db)
    for (const [id, limit, used, resets] of [
      [from, '9', '2.5', new Date(Date.now() + 60_000)],
      [to, '5', '1', new Date(Date.now() + 60_000)],
    ] as const) {
      await sql`insert into public.user_quota_limits (user_id, type, cost_limit, used_cost, reset_at) values (${id}, 'daily', ${limit}, ${used}, ${resets})`.execute(
        owner.db,
      )
    }
    await sql`insert into public.user_quota_limits (user_id, type, cost_limit) values (${from}, 'monthly', 7)`.execute(owner.db)
    const before = await sql<{
      cost: string
    }>`select sum(cost_usd)::text as cost from public.usage_hourly where user_id in (${from}, ${to})`.execute(owner.db)
    await move(from, to)
    const { rows: choice } = await sql`select allow_gateway_fallback from public.user_settings where user_id = ${to}`.execute(owner.db)
    expect(choice).toEqual([{ allow_gateway_fallback: true }])
    const { rows: limits } =
      await sql`select type, cost_limit::text, used_cost::text from public.user_quota_limits where user_id = ${to} order by type`.execute(
        owner.db,
      )
    expect(limits).toEqual([
      { type: 'daily', cost_limit: '5', used_cost: '3.5' },
      { type: 'monthly', cost_limit: '7', used_cost: '0' },
    ])
    const after = await sql<{ cost: string }>`select sum(cost_usd)::text as cost from public.usage_hourly where user_id = ${to}`.execute(
      owner.db,
    )
    expect(after.rows).toEqual(before.rows)
  })

  it('leaves an alias and a row in the audit', async () => {
    const { from, to } = await plantBoth()
    await move(from, to)
    const { rows } =
      await sql`select action, subject, details, job from keyloft.audit_log where user_id = ${to} and action like 'account.%'`.execute(
        owner.db,
      )
    expect(rows).toEqual([{ action: 'account.moved', subject: from, details: { secrets: 2 }, job: 'move an account' }])
    expect((await sql`select user_id from keyloft.user_aliases where old_id = ${from}`.execute(owner.db)).rows).toEqual([{ user_id: to }])
  })

  describe('settles calls in flight to the new owner', () => {
    const call = (from: string) => ({ from, id: randomUUID(), startedAt: new Date() })
    type Call = ReturnType<typeof call>
    const asService = <T>(statement: ReturnType<typeof sql<T>>) =>
      database.system('test', async (tx) => (await statement.execute(tx)).rows[0])
    const open = ({ from, id, startedAt, places }: Call & { places?: number }) =>
      asService(sql`select keyloft.open_calls(array[${from}]::uuid[], array[${id}]::uuid[], array[${startedAt}]::timestamptz[], array['r'], array['chat'],
        array['mock'], array['mock-1'], array['user-key'], array[null]::uuid[], array[null]::uuid[], array['[]']::json[], array[1]::numeric[], 60,
        in_places => ${places === undefined ? null : [places]}::integer[])`)
    const settle = async ({ from, id, startedAt, basis = 'reported' }: Call & { basis?: string }) => {
      const row = await asService(sql<{
        verdicts: string[]
      }>`select keyloft.settle_calls(array[row(${from}, ${id}, ${startedAt}, 'r', 'chat', 'mock',
        'mock-1', 'user-key', null, null, '[]', true, now(), 'completed', 200, 1, 10, 0, 0, 0, 0, 5, 0, 0, 0, 0, ${basis}, null, null, null
        )::keyloft.call_end]) as verdicts`)
      return row?.verdicts[0]
    }
    const renew = ({ from, id }: Call) =>
      asService(sql`select keyloft.renew_leases(array[${from}]::uuid[], array[${id}]::uuid[], 60) as renewed`)
    const recordsOf = async (ids: string[]) =>
      (await sql<{ id: string; user_id: string }>`select id, user_id from public.usage_records where id = any (${ids})`.execute(owner.db))
        .rows

    it('once, and renews their leases', async () => {
      const { from, to } = await makeBoth()
      const it = call(from)
      await open(it)
      expect(await move(from, to)).toBe('moved')
      expect(await renew(it)).toEqual({ renewed: 1 })
      expect((await Promise.all([settle(it), settle(it)])).sort()).toEqual(['already', 'settled'])
      expect(await count(sql`select count(*)::int as count from keyloft.holds where id = ${it.id}`)).toBe(0)
      expect(await recordsOf([it.id])).toEqual([{ id: it.id, user_id: to }])
    })

    it('and with them what is reserved in limits that both have', async () => {
      const { from, to } = await makeBoth()
      for (const id of [to, from])
        for (const type of ['daily', 'monthly'])
          await sql`insert into public.user_quota_limits (user_id, type, request_limit) values (${id}, ${type}, 100)`.execute(owner.db)
      const [ours, theirs, lost] = [call(to), call(from), call(from)]
      for (const one of [theirs, lost]) await open(one)
      await open(ours)
      const advance = { ...call(from), places: 2 }
      await open(advance)
      await sql`update keyloft.holds set lease_until = now() where id = ${lost.id}`.execute(owner.db)
      await sql`select keyloft.sweep_calls(10)`.execute(owner.db)
      expect(await move(from, to)).toBe('moved')
      const counters = async () => {
        const { rows } = await sql<object>`select used_requests as used, reserved_requests as reserved from public.user_quota_limits
          where user_id in (${from}, ${to})`.execute(owner.db)
        return rows
      }
      expect(await counters()).toEqual(Array(2).fill({ used: '1', reserved: '4' }))
      for (const one of [theirs, ours]) await settle(one)
      expect(await counters()).toEqual(Array(2).fill({ used: '3', reserved: '2' }))
      await asService(sql`select keyloft.return_places(array[${advance.id}]::uuid[], array[null]::integer[])`)
      await settle({ ...lost, basis: 'none' })
      expect(await counters()).toEqual(Array(2).fill({ used: '2', reserved: '0' }))
    })

    it('however they fall together', async () => {
      for (let round = 0; round < 5; round++) {
        const { from, to } = await makeBoth()
        const calls = Array.from({ length: 16 }, () => call(from))
        await Promise.all(calls.slice(0, 8).map(open))
        // Half of them begin, and half of them end, while it runs.
        const all = [move(from, to), ...calls.slice(0, 8).map(settle), ...calls.slice(8).map(open)]
        expect(await Promise.all(all)).toContain('moved')
        await Promise.all(calls.slice(8).map(settle))
        const records = await recordsOf(calls.map(({ id }) => id))
        expect(records).toHaveLength(16)
        expect(new Set(records.map(({ user_id }) => user_id))).toEqual(new Set([to]))
        expect(await count(sql`select count(*)::int as count from keyloft.holds where user_id in (${from}, ${to})`)).toBe(0)
        expect(await count(sql`select sum(requests)::int as count from public.usage_hourly where user_id in (${from}, ${to})`)).toBe(16)
      }
    })
  })

  describe('leaves both as they were', async () => {
    const steps = [...new Set((await ownerColumns(test)).map(({ relation }) => relation)), 'auth.users'].filter(
      (relation) => relation !== 'auth.external_identities',
    )
    await sql
      .raw(`
      create function public.fail_here() returns trigger language plpgsql security definer as $$
      begin
        if current_setting('keyloft_test.how', true) = 'kill' then perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(5); end if;
        raise exception 'planted';
      end $$`)
      .execute(owner.db)

    async function failingAt(relation: string, how: 'raise' | 'kill', work: () => Promise<void>) {
      await sql`alter database ${sql.id(test.name)} set keyloft_test.how = ${sql.lit(how)}`.execute(owner.db)
      await sql`create trigger planted before insert or update or delete on ${sql.table(relation)} for each statement execute function public.fail_here()`.execute(
        owner.db,
      )
      try {
        await work()
      } finally {
        await sql`drop trigger planted on ${sql.table(relation)}`.execute(owner.db)
      }
    }

    it.each(steps)('where it fails at %s', async (relation) => {
      const { from, to } = await plantBoth()
      const before = await everythingOf(test, [from, to])
      await failingAt(relation, 'raise', () => expect(move(from, to)).rejects.toThrow())
      expect(await everythingOf(test, [from, to])).toEqual(before)
      expect(await move(from, to)).toBe('moved')
      expect(Object.values(await keysOf(test, to)).sort()).toEqual(['sk-ant-of-the-anonymous', 'sk-of-the-account', 'sk-of-the-anonymous'])
    })

    it.each(['public.api_keys', 'keyloft.user_aliases', 'auth.users', 'keyloft.audit_log'])(
      'where its connection dies at %s',
      async (relation) => {
        const { from, to } = await plantBoth()
        const before = await everythingOf(test, [from, to])
        await failingAt(relation, 'kill', () => expect(move(from, to)).rejects.toThrow())
        expect(await everythingOf(test, [from, to])).toEqual(before)
        expect(await move(from, to)).toBe('moved')
      },
    )
  })

  it('happens once, however many try at once', async () => {
    const { from, to } = await plantBoth()
    const before = { from: await counts(from), to: await counts(to) }
    const verdicts = await Promise.all(Array.from({ length: 6 }, () => move(from, to)))
    expect(verdicts.sort()).toEqual(['already', 'already', 'already', 'already', 'already', 'moved'])
    const after = await counts(to)
    for (const relation of ['public.api_keys', 'public.api_tokens', 'public.usage_records', 'keyloft.holds', 'keyloft.secrets'])
      expect(after[relation], relation).toBe((before.from[relation] ?? 0) + (before.to[relation] ?? 0))
  })

  it('goes to one of two accounts that take it at once', async () => {
    const { from, to } = await plantBoth()
    const other = (await test.makePerson()).id
    const verdicts = await Promise.all([move(from, to), move(from, other)])
    expect(verdicts.sort()).toEqual(['moved', 'refused'])
    const keys = { ...(await keysOf(test, to)), ...(await keysOf(test, other)) }
    expect(Object.values(keys).filter((key) => key.includes('anonymous'))).toHaveLength(2)
  })

  it('takes along a key that is added while it runs, or refuses the key', async () => {
    const { from, to } = await makeBoth()
    const adding = Promise.allSettled(
      Array.from({ length: 8 }, (_, index) => plantKey(test, from, 'openai', `sk-${index}`, `key ${index}`)),
    )
    const moving = move(from, to).catch(() => 'failed')
    const added = (await adding).filter(({ status }) => status === 'fulfilled').length
    if ((await moving) !== 'moved') expect(await move(from, to)).toBe('moved')
    expect(Object.keys(await keysOf(test, to))).toHaveLength(added)
  })

  describe('knows a table that was added later', () => {
    const added = async (more: string, work: () => Promise<void>) => {
      await sql
        .raw(`
          create table public.notes (id uuid primary key default gen_random_uuid(), user_id uuid not null references auth.users on delete cascade, text text${more});
          alter table public.notes owner to keyloft_owner;
          alter table public.notes enable row level security;
          alter table public.notes force row level security;
          create policy "owner maintains" on public.notes for all to keyloft_owner using (true) with check (true)`)
        .execute(owner.db)
      await work().finally(() => sql`drop table public.notes`.execute(owner.db))
    }
    const write = (id: string, text: string) => sql`insert into public.notes (user_id, text) values (${id}, ${text})`.execute(owner.db)
    const notesOf = async (id: string) =>
      (await sql<{ text: string }>`select text from public.notes where user_id = ${id} order by text`.execute(owner.db)).rows.map(
        ({ text }) => text,
      )

    it('and takes along its rows', () =>
      added('', async () => {
        const { from, to } = await makeBoth()
        await write(from, 'mine')
        expect(await move(from, to)).toBe('moved')
        expect(await notesOf(to)).toEqual(['mine'])
      }))

    it('and moves nothing at all where two rows exclude each other and no rule says what then', () =>
      added(', unique (user_id, text)', async () => {
        const { from, to } = await plantBoth()
        await write(from, 'alike')
        await write(to, 'alike')
        const before = await everythingOf(test, [from, to])
        await expect(move(from, to)).rejects.toThrow()
        expect(await everythingOf(test, [from, to])).toEqual(before)
        await sql`insert into keyloft.move_rules (table_name, rule, because) values ('public.notes', 'keep target', 'of the test')`.execute(
          owner.db,
        )
        expect(await move(from, to)).toBe('moved')
        expect(await notesOf(to)).toEqual(['alike'])
        await sql`delete from keyloft.move_rules where table_name = 'public.notes'`.execute(owner.db)
      }))
  })

  it('refuses one who is not anonymous, a target who is, and nobody', async () => {
    const { from, to } = await makeBoth()
    expect(await move(to, (await test.makePerson()).id)).toBe('refused')
    expect(await move(from, await makeAnonymous())).toBe('refused')
    expect(await move(from, randomUUID())).toBe('refused')
    expect(await move(randomUUID(), to)).toBe('refused')
    expect(await move(from, from)).toBe('refused')
    expect(await counts(from)).toMatchObject({ 'auth.users': 1 })
  })

  it('is nothing that a person could ask the database for', async () => {
    const { from, to } = await makeBoth()
    const { principal } = await test.makePerson()
    const ask = database.asPrincipal(principal, (tx) => sql`select keyloft.move_account(${from}, ${to}, '{}', '[]')`.execute(tx))
    await expect(ask).rejects.toMatchObject({ status: 403 })
  })
})
