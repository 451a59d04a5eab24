import { randomBytes, randomInt } from 'node:crypto'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { createTestDatabase } from '../../../test/harness.ts'
import { type Chance, seeded } from '../../../test/seeded.ts'
import { AppError } from '../../base/errors.ts'
import { sealWithRootKey } from '../sealing/keyring.ts'
import { type SealedSecret, sealSecret } from '../sealing/secret.ts'
import { createSecrets } from './secrets.ts'

/*
 * Somebody has the database, as its superuser, with row level security and every constraint gone. Whatever they write,
 * a row opens as it was sealed or not at all. What was drawn follows from a seed, which a failure names.
 */
const isLong = process.env.KEYLOFT_TEST_LONG !== undefined
const seeds = Array.from({ length: isLong ? 20 : 1 }, () => randomInt(2 ** 31))
const casesPerSeed = 2_400
const lanes = 8

const kinds = ['provider key', 'oauth token']
const providers = ['openai', 'anthropic', '']
const hosts = ['api.openai.com', 'llm.example.com', '']
const columns = ['id', 'user_id', 'kind', 'provider', 'host', 'version', 'sealed'] as const

interface Sealed {
  row: SealedSecret
  text: string
}
type Tamper = (victim: Sealed, other: Sealed, chance: Chance) => Partial<Record<keyof SealedSecret, unknown>>

const flip = (bytes: Buffer, bit: number) => {
  const flipped = Buffer.from(bytes)
  flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  return flipped
}
const partsOf = (sealed: string): [string, string] => [
  sealed.slice(0, sealed.lastIndexOf('.') + 1),
  sealed.slice(sealed.lastIndexOf('.') + 1),
]
const recode = (sealed: string, change: (bytes: Buffer) => Buffer) => {
  const [head, encoded] = partsOf(sealed)
  return { sealed: head + change(Buffer.from(encoded, 'base64url')).toString('base64url') }
}

/** What can be done to a row. Each must leave it different from what it was. */
const tampers: Record<string, Tamper> = {
  'the text of another secret': (_, other) => ({ sealed: other.row.sealed }),
  'the text of another secret under its own name': ({ row }, other) => ({ sealed: partsOf(row.sealed)[0] + partsOf(other.row.sealed)[1] }),
  'some columns of another secret': ({ row }, other, chance) => {
    const taken = columns.filter((column) => other.row[column] !== row[column] && chance.below(2) === 0)
    if (taken.length === 0) taken.push('sealed')
    return Object.fromEntries(taken.map((column) => [column, other.row[column]]))
  },
  'all columns of another secret': (_, other) => ({ ...other.row }),
  'all columns of another secret but its id': ({ row }, other) => ({ ...other.row, id: row.id }),
  'another person': ({ row }, other) => ({ user_id: other.row.user_id === row.user_id ? null : other.row.user_id }),
  'nobody for its person': () => ({ user_id: null }),
  'another provider': ({ row }, _, chance) => ({ provider: chance.pick(providers.filter((one) => one !== row.provider)) }),
  'another host': ({ row }, _, chance) => ({ host: chance.pick(hosts.filter((one) => one !== row.host)) }),
  'another kind': ({ row }, _, chance) => ({ kind: chance.pick(kinds.filter((one) => one !== row.kind)) }),
  'another version': ({ row }) => ({ version: 3 - row.version }),
  'another version, in the text too': ({ row }) => {
    const version = 3 - row.version
    return { version, sealed: `kl1.${row.id}.${version}.${partsOf(row.sealed)[1]}` }
  },
  'a version that never was': ({ row }) => ({ version: 7, sealed: `kl1.${row.id}.7.${partsOf(row.sealed)[1]}` }),
  'provider and host run together': ({ row }) => ({ provider: `${row.provider}x`, host: row.host.slice(1) }),
  'a turned bit of what is encoded': ({ row }, _, chance) => recode(row.sealed, (bytes) => flip(bytes, chance.below(bytes.length * 8))),
  'a turned bit of the text': ({ row }, _, chance) => {
    const bytes = Buffer.from(row.sealed)
    for (;;) {
      const sealed = flip(bytes, chance.below(bytes.length) * 8 + chance.below(7)).toString('latin1') // the eighth is no text in UTF-8
      if (!sealed.includes('\0')) return { sealed }
    }
  },
  'bytes cut off': ({ row }, _, chance) =>
    recode(row.sealed, (bytes) => {
      const cut = 1 + chance.below(bytes.length)
      return chance.below(2) ? bytes.subarray(cut) : bytes.subarray(0, -cut)
    }),
  'bytes put on': ({ row }, _, chance) =>
    recode(row.sealed, (bytes) => {
      const more = Buffer.alloc(1 + chance.below(40), chance.below(256))
      return Buffer.concat(chance.below(2) ? [more, bytes] : [bytes, more])
    }),
  'characters cut off': ({ row }, _, chance) => {
    const at = chance.below(row.sealed.length)
    return { sealed: chance.below(2) ? row.sealed.slice(0, at) : row.sealed.slice(at + 1) }
  },
  'another spelling': ({ row }, _, chance) => {
    const [head, encoded] = partsOf(row.sealed)
    const standard = Buffer.from(encoded, 'base64url').toString('base64')
    const at = chance.below(encoded.length)
    const spellings = [
      ...['=', '==', '\n', ' ', '.', '%3D'].map((end) => row.sealed + end),
      ` ${row.sealed}`,
      `${head}${encoded.slice(0, at)}\n${encoded.slice(at)}`,
      `${head}${encoded.slice(0, at)}-${encoded.slice(at + 1)}`,
      row.sealed.toUpperCase(),
      `kl1.${row.id.toUpperCase()}.${row.version}.${encoded}`,
      `kl1.${row.id}.0${row.version}.${encoded}`,
      `kl1.${row.id}.${row.version}.0.${encoded}`,
      head + standard,
    ]
    return { sealed: chance.pick(spellings.filter((one) => one !== row.sealed)) }
  },
  'the spare bits of the last character set': ({ row }) => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const last = alphabet.indexOf(row.sealed.at(-1) ?? '')
    return { sealed: row.sealed.slice(0, -1) + alphabet[last ^ 1] } // where none is spare, another bit is turned
  },
  'a text without its form': ({ text }) => ({ sealed: text }),
  nothing: ({ row }, _, chance) => ({ [chance.pick(['sealed', 'kind', 'provider', 'host', 'version'])]: null, id: row.id }),
}

describe('somebody who has the database', async () => {
  const { database, owner, keyring, makePerson } = await createTestDatabase()
  const another = () => createSecrets({ database, keyring, clock: Date.now })
  await dropEveryRule()

  async function dropEveryRule() {
    for (const table of ['keyloft.secrets', 'keyloft.data_keys']) {
      const { rows } = await sql<{ name: string }>`
        select conname as name from pg_constraint where conrelid = ${table}::regclass order by contype = 'p' desc`.execute(owner.db)
      const id = sql.table(table)
      for (const { name } of rows) await sql`alter table ${id} drop constraint if exists ${sql.id(name)} cascade`.execute(owner.db)
      await sql`alter table ${id} no force row level security, disable row level security`.execute(owner.db)
    }
    const nullable = columns.map((column) => sql`alter column ${sql.id(column)} drop not null`)
    await sql`alter table keyloft.secrets ${sql.join(nullable)}, add column slot bigint generated always as identity primary key`.execute(
      owner.db,
    )
    await sql`alter table keyloft.data_keys alter column wrapped drop not null`.execute(owner.db)
  }

  /** A person with data keys of versions 1 and 2, and one secret of each sort under them. */
  async function makeVictims(): Promise<{ userId: string; secrets: Sealed[] }> {
    const { id: userId } = await makePerson()
    const keys = [1, 2].map((version) => ({ version, key: randomBytes(32) }))
    for (const { version, key } of keys) {
      const wrapped = sealWithRootKey(keyring, ['data key', userId, String(version)], key.toString('base64'))
      await sql`insert into keyloft.data_keys (user_id, version, wrapped) values (${userId}, ${version}, ${wrapped})`.execute(owner.db)
    }
    const secrets = keys.flatMap((key) =>
      kinds.flatMap((kind) =>
        providers.flatMap((provider) =>
          hosts.map((host) => {
            const text = `sk-${randomBytes(16).toString('hex')}`
            return { text, row: sealSecret(key, { userId, kind, provider, host }, text) }
          }),
        ),
      ),
    )
    return { userId, secrets }
  }

  const expectedOf = ({ user_id, kind, provider }: SealedSecret) => ({ userId: user_id, kind, provider })
  const read = async (slot: string) => {
    const { rows } =
      await sql<SealedSecret>`select ${sql.join(columns.map((column) => sql.id(column)))} from keyloft.secrets where slot = ${slot}`.execute(
        owner.db,
      )
    return rows[0] as SealedSecret
  }
  async function keep({ row }: Sealed): Promise<string> {
    const { rows } = await sql<{ slot: string }>`
      insert into keyloft.secrets (${sql.join(columns.map((column) => sql.id(column)))})
      values (${sql.join(columns.map((column) => row[column]))}) returning slot`.execute(owner.db)
    return rows[0]?.slot ?? ''
  }

  /** Undefined where it stayed closed as it must; else what went wrong. */
  async function faultIn(opening: () => string | Promise<string>): Promise<string | undefined> {
    try {
      return `opened as ${await opening()}`
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'secret.cannot_open' || error.status !== 500) return `another error: ${error}`
      return undefined
    }
  }

  it.each(seeds)('opens nothing that they changed, swapped, cut or spelled otherwise (seed %i)', async (seed) => {
    const chance = seeded(seed)
    const people = await Promise.all(Array.from({ length: 4 }, makeVictims))
    const all = people.flatMap(({ secrets }) => secrets)
    const reader = another()
    const names = Object.keys(tampers)
    const cases = Array.from({ length: casesPerSeed }, (_, index) => {
      const victim = chance.pick(all)
      const others = all.filter(
        ({ row }) => row.user_id !== victim.row.user_id || row.provider !== victim.row.provider || row.kind !== victim.row.kind,
      )
      const name = names[index % names.length] as string
      return { name, victim, changes: tampers[name]?.(victim, chance.pick(others), chance) ?? {} }
    })
    const faults: string[] = []
    let tried = 0
    let stillOpen = 0
    const work = async () => {
      for (let one = cases.pop(); one; one = cases.pop()) {
        const { name, victim, changes } = one
        const slot = await keep(victim)
        const expected = expectedOf(victim.row)
        if ((await reader.open(await read(slot), expected)) === victim.text) stillOpen++
        await sql`update keyloft.secrets set ${sql.join(Object.entries(changes).map(([column, value]) => sql`${sql.id(column)} = ${value}`))} where slot = ${slot}`.execute(
          owner.db,
        )
        const tampered = await read(slot)
        tried++
        const fault = await faultIn(() => reader.open(tampered, expected))
        // A whole row of another is in order, as that other's.
        const isWhole = all.some(({ row }) => columns.every((column) => row[column] === tampered[column]))
        const itself = isWhole ? undefined : await faultIn(() => reader.open(tampered, expectedOf(tampered)))
        if (fault || itself) faults.push(`seed ${seed}: ${name}: ${fault ?? itself}: ${JSON.stringify({ victim: victim.row, tampered })}`)
      }
    }
    await Promise.all(Array.from({ length: lanes }, work))
    expect(faults.slice(0, 3)).toEqual([])
    expect({ tried, stillOpen }).toEqual({ tried: casesPerSeed, stillOpen: casesPerSeed })
  })

  const keyTampers: Record<string, (wrapped: { own: string[]; others: string[] }, chance: Chance, userId: string) => string | null> = {
    'another person’s': ({ others }) => others[0] ?? '',
    'their own of another version': ({ own }) => own[1] ?? '',
    'a turned bit of what is encoded': ({ own }, chance) =>
      recode(own[0] ?? '', (bytes) => flip(bytes, chance.below(bytes.length * 8))).sealed,
    'bytes cut off': ({ own }, chance) => recode(own[0] ?? '', (bytes) => bytes.subarray(0, -1 - chance.below(bytes.length - 1))).sealed,
    'bytes put on': ({ own }, chance) => recode(own[0] ?? '', (bytes) => Buffer.concat([bytes, Buffer.alloc(1 + chance.below(9))])).sealed,
    'characters cut off': ({ own }, chance) => own[0]?.slice(0, chance.below(own[0].length)) ?? '',
    'another root key’s version': ({ own }) => own[0]?.replace('.v1.', '.v2.') ?? '',
    'another spelling': ({ own }, chance) => own[0] + chance.pick(['=', '\n', ' ', '.x']),
    'one wrapped without the root key': (_, _chance, userId) =>
      sealWithRootKey([{ version: 'v1', key: randomBytes(32) }], ['data key', userId, '1'], Buffer.alloc(32).toString('base64')),
    'one that is not wrapped': () => Buffer.alloc(32).toString('base64'),
    nothing: () => null,
  }

  it.each(seeds)('opens nothing under a data key that they changed or swapped (seed %i)', async (seed) => {
    const chance = seeded(seed)
    const [ada, eve] = [await makeVictims(), await makeVictims()]
    const wrappedOf = async (userId: string) => {
      const { rows } = await sql<{
        wrapped: string
      }>`select wrapped from keyloft.data_keys where user_id = ${userId} order by version`.execute(owner.db)
      return rows.map(({ wrapped }) => wrapped)
    }
    const wrapped = { own: await wrappedOf(ada.userId), others: await wrappedOf(eve.userId) }
    const under = async (text: string | null) => {
      await sql`update keyloft.data_keys set wrapped = ${text} where user_id = ${ada.userId} and version = 1`.execute(owner.db)
      return another()
    }
    const victim = ada.secrets.find(({ row }) => row.version === 1) as Sealed
    const names = Object.keys(keyTampers)
    for (let round = 0; round < 200; round++) {
      const name = names[round % names.length] as string
      const reader = await under(keyTampers[name]?.(wrapped, chance, ada.userId) ?? null)
      expect(await faultIn(() => reader.open(victim.row, expectedOf(victim.row))), `seed ${seed}: ${name}`).toBeUndefined()
    }
    const [first = ''] = wrapped.own
    expect(await (await under(first)).open(victim.row, expectedOf(victim.row))).toBe(victim.text)
  })

  it('opens nothing for one person by exchanging the data keys and secrets of two', async () => {
    const [ada, eve] = [await makeVictims(), await makeVictims()]
    const [hers] = ada.secrets as [Sealed]
    const exchange = () =>
      sql`update keyloft.data_keys set user_id = case when user_id = ${ada.userId} then ${eve.userId}::uuid else ${ada.userId}::uuid end
           where user_id in (${ada.userId}, ${eve.userId})`.execute(owner.db)
    await exchange()
    const asEves = { ...hers.row, user_id: eve.userId }
    for (const row of [hers.row, asEves]) expect(await faultIn(() => another().open(row, expectedOf(row)))).toBeUndefined()
    await exchange()
    expect(await another().open(hers.row, expectedOf(hers.row))).toBe(hers.text)
  })
})
