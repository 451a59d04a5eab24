import { sql } from 'kysely'
import { BoundedMap } from '../../base/bounded-map.ts'
import type { Clock } from '../../base/clock.ts'
import type { Database } from '../../platform/database/database.ts'

export type Uses = ReadonlyMap<string, { readonly today: number; readonly thisMonth: number }>

const leastMs = 1_000
/** What takes long to count is counted less often: at most a twentieth of the time goes into it. */
const restFactor = 20
const mostKnown = 10_000

/**
 * How often the keys of a person were used, from the ledger. Counted about once a second, so that most calls pass over a
 * key whose limit is reached without asking for it. What holds to the call is its quota, which the ledger keeps.
 */
export function createUses(database: Pick<Database, 'system'>, clock: Clock) {
  const known = new BoundedMap<Promise<Uses>>(mostKnown)

  return function usesOf(userId: string, keyIds: readonly string[]): Promise<Uses> {
    const name = [userId, ...keyIds].join(' ')
    const now = clock()
    const remembered = known.get(name, now)
    if (remembered) return remembered
    const begun = performance.now()
    const counted = count(database, userId, keyIds, now)
    known.set(name, counted, now + leastMs)
    counted.then(
      () => known.set(name, counted, now + Math.max(leastMs, restFactor * (performance.now() - begun))),
      () => known.delete(name),
    )
    return counted
  }
}

async function count(database: Pick<Database, 'system'>, userId: string, keyIds: readonly string[], now: number): Promise<Uses> {
  const rows = await database.system('count the uses of keys', async (tx) => {
    const { rows } = await sql<{ key_id: string; today: string; this_month: string }>`
      select key_id, today, this_month from keyloft.uses_of_keys(
        in_user_id => ${userId}, in_key_ids => ${[...keyIds]}::uuid[], in_now => ${new Date(now).toISOString()}::timestamptz)`.execute(tx)
    return rows
  })
  return new Map(rows.map(({ key_id, today, this_month }) => [key_id, { today: Number(today), thisMonth: Number(this_month) }]))
}
