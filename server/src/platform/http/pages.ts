import { z } from 'zod'
import { httpErrors } from './errors.ts'

/*
 * Lists: `?limit&cursor`, newest first, answered with `{ items, nextCursor }`. A cursor names the last row that was
 * given, so that rows which come and go meanwhile are neither skipped nor given twice.
 */

// Strict, as every query: under a name that was misspelt a filter would be none.
export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,200}$/)
    .optional()
    .describe('The nextCursor of the page before.'),
})

export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable().describe('Null on the last page.') })

/** Of a row: when it was made, to the microsecond as SQL prints it, and its id. */
export interface Place {
  at: string
  id: string
}

const placeForm = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/

/** @throws http.invalid */
export function readCursor(cursor: string | undefined): Place | undefined {
  if (cursor === undefined) return undefined
  const [, at, id] = placeForm.exec(Buffer.from(cursor, 'base64url').toString()) ?? []
  if (at === undefined || id === undefined || Number.isNaN(Date.parse(at)))
    throw httpErrors.invalid({ hint: 'A cursor is the nextCursor of another page.' })
  return { at, id }
}

/** A page of rows of which one more was asked for than fits. */
export function toPage<R extends Place, T>(rows: readonly R[], limit: number, render: (row: R) => T) {
  const last = rows.length > limit ? rows[limit - 1] : undefined
  return {
    items: rows.slice(0, limit).map(render),
    nextCursor: last ? Buffer.from(`${last.at} ${last.id}`).toString('base64url') : null,
  }
}
