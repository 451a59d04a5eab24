import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { userPrincipal } from '../../base/principal.ts'
import type { Database } from '../../platform/database/database.ts'
import { exportCsv } from './export-csv.ts'

it('reads no page of the export before the one before it has left', async () => {
  let pages = 0
  const row = { id: '0190a1b2-0000-7000-8000-000000000001', at: '2026-11-03T00:00:00.000000Z', started_at: new Date(0), ended_at: null }
  const endless = {
    readAs: async () => {
      pages++
      return Array.from({ length: 1_000 }, () => row)
    },
  } as unknown as Pick<Database, 'readAs'>
  const stream = await exportCsv(endless, userPrincipal('5eed0000-0000-4000-8000-000000000001'), {}, Date.parse('2026-11-03T00:00:00Z'))
  const chunks = stream[Symbol.asyncIterator]()
  for (let taken = 1; taken <= 5; taken++) {
    await chunks.next()
    await sleep(20)
    expect(pages).toBeLessThanOrEqual(taken + 1)
  }
  stream.destroy()
  await sleep(20)
  const read = pages
  await sleep(20)
  expect(pages).toBe(read)
})
