import { randomInt } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, describe, expect, it } from 'vitest'
import { createTestDatabase } from '../../../test/harness.ts'
import { seeded } from '../../../test/seeded.ts'
import type { Database } from '../database/database.ts'
import { openSecret } from '../sealing/secret.ts'
import { createSecrets, type SealedSecret } from './secrets.ts'

/*
 * A data key is wiped when it leaves memory. Were it lent out at that moment, a secret would be sealed under zeroes:
 * open to everybody who has the database, and lost for its person.
 */
const isLong = process.env.KEYLOFT_TEST_LONG !== undefined
const rounds = isLong ? 20 : 1

describe('data keys that leave memory while they are in use', async () => {
  const { database, owner, keyring, makePerson } = await createTestDatabase()
  /** Answers many questions at one moment, so that what follows from them runs interleaved. */
  const waiting: (() => void)[] = []
  const together: Pick<Database, 'system'> = {
    async system(job, work) {
      const answer = await database.system(job, work)
      await new Promise<void>((resolve) => waiting.push(resolve))
      return answer
    },
  }
  const ticking = setInterval(() => {
    for (const resolve of waiting.splice(0)) resolve()
  }, 3)
  afterAll(() => clearInterval(ticking))
  const purposeOf = (userId: string | null) => ({ userId, kind: 'provider key', provider: 'openai', host: 'api.openai.com' })

  it.each(Array.from({ length: rounds }).flatMap(() => [1, 2, 5].map((mostHeld) => ({ mostHeld, seed: randomInt(2 ** 31) }))))(
    'never seal as zeroes (room for $mostHeld, seed $seed)',
    async ({ mostHeld, seed }) => {
      const chance = seeded(seed)
      const people = [null, ...(await Promise.all(Array.from({ length: 11 }, async () => (await makePerson()).id)))]
      let now = 0
      const busy = createSecrets({ database: together, keyring, clock: () => now, mostHeld })
      const kept: { row: SealedSecret; text: string }[] = []
      const acts = Array.from({ length: 1_500 }, () => ({ userId: chance.pick(people), act: chance.below(20), pick: chance.below(1_000) }))
      const lane = async () => {
        for (let next = acts.pop(); next; next = acts.pop()) {
          const { userId, act, pick } = next
          const known = kept[pick % Math.max(kept.length, 1)]
          if (act === 0) busy.forget(userId ?? undefined)
          else if (act === 1) now += 11 * 60_000
          else if (act < 8 && known) expect(await busy.open(known.row, purposeOf(known.row.user_id))).toBe(known.text)
          else {
            const text = `secret ${pick} of ${userId}`
            kept.push({ text, row: await busy.seal(purposeOf(userId), text) })
          }
        }
      }
      await Promise.all(Array.from({ length: 60 }, lane))

      expect(kept.length).toBeGreaterThan(500)
      const elsewhere = createSecrets({ database, keyring, clock: Date.now })
      for (const { row, text } of kept) {
        expect(await elsewhere.open(row, purposeOf(row.user_id))).toBe(text)
        expect(() => openSecret(Buffer.alloc(32), row, purposeOf(row.user_id))).toThrow()
      }
      const { rows } = await sql`select from keyloft.data_keys where user_id = any(${people.filter((id) => id !== null)})`.execute(owner.db)
      expect(rows).toHaveLength(people.length - 1)
    },
  )
})
