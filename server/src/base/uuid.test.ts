import { expect, it } from 'vitest'
import { randomId, uuidV7 } from './uuid.ts'

it('makes ids that begin with the time, say their version, and never repeat', () => {
  expect(uuidV7(1_795_250_000_000)).toMatch(/^01a1fd3d-1080-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(new Set(Array.from({ length: 1_000 }, () => uuidV7(0))).size).toBe(1_000)
  expect(
    [3, 1, 2]
      .map(uuidV7)
      .sort()
      .map((id) => Number.parseInt(id.slice(9, 13), 16)),
  ).toEqual([1, 2, 3])
})

it('makes random ids that say so, and never repeat', () => {
  const ids = Array.from({ length: 1_000 }, randomId)
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(new Set(ids).size).toBe(1_000)
  expect(new Set(ids.map((id) => id.charAt(19)))).toEqual(new Set('89ab'))
})
