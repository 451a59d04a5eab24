import { sql } from 'kysely'
import { z } from 'zod'
import { defineRoute } from '../../platform/http/define-route.ts'
import { httpErrors } from '../../platform/http/errors.ts'
import { pageOf, pageQuery } from '../../platform/http/pages.ts'
import type { OperatorDeps } from './operator.ts'

interface Entry {
  id: string
  at: Date
  actor_role: string
  actor_id: string | null
  actor_token_id: string | null
  job: string | null
  action: string
  user_id: string | null
  subject: string | null
  request_id: string | null
  details: Record<string, unknown>
}

const entrySchema = z
  .object({
    id: z.string(),
    at: z.iso.datetime(),
    actor: z.object({
      role: z.string().describe('authenticated, service_role, operator (a command), or database.'),
      userId: z.string().nullable(),
      tokenId: z.string().nullable(),
    }),
    job: z.string().nullable().describe('Which part of the server did it for them.'),
    action: z.string(),
    userId: z.string().nullable().describe('Whose things were touched.'),
    subject: z.string().nullable().describe('Which of them.'),
    requestId: z.string().nullable(),
    details: z.record(z.string(), z.unknown()).describe('Values only as keyed hashes.'),
  })
  .meta({ id: 'AuditEntry' })

const time = z.iso.datetime({ offset: true }).transform((text) => new Date(text))
const query = pageQuery.extend({
  action: z
    .string()
    .regex(/^[a-z_]{1,60}\.[a-z_]{1,60}$/)
    .optional()
    .describe('As api_key.revealed.'),
  user: z.uuid().optional().describe('Whose things were touched.'),
  actor: z.uuid().optional().describe('Who did it.'),
  from: time.optional(),
  to: time.optional().describe('Before this time.'),
})

export function auditRoute({ database }: OperatorDeps) {
  return defineRoute({
    method: 'GET',
    path: '/api/admin/audit',
    policy: { allow: 'admin' },
    schema: { summary: 'Who did what to whose keys and accounts, newest first', query, reply: pageOf(entrySchema) },
    handler: async ({ principal, query: { limit, cursor, action, user, actor, from, to }, request }) => {
      const before = readCursor(cursor)
      const found = await database.system(
        'audit for an admin',
        async (tx) => {
          const { rows } = await sql<Entry>`
            select * from keyloft.audit_page(
              in_before => ${before}, in_limit => ${limit + 1}, in_action => ${action ?? null}, in_user_id => ${user ?? null},
              in_actor_id => ${actor ?? null}, in_from => ${from ?? null}, in_to => ${to ?? null})`.execute(tx)
          return rows
        },
        { principal, requestId: request.id },
      )
      const last = found.length > limit ? found[limit - 1] : undefined
      return { items: found.slice(0, limit).map(render), nextCursor: last ? writeCursor(last.id) : null }
    },
  })
}

/** Its entries have numbers, and so has its cursor. */
const writeCursor = (id: string) => Buffer.from(id).toString('base64url')

function readCursor(cursor: string | undefined): string | null {
  if (cursor === undefined) return null
  const id = Buffer.from(cursor, 'base64url').toString()
  if (!/^[1-9]\d{0,17}$/.test(id)) throw httpErrors.invalid({ hint: 'A cursor is the nextCursor of another page.' })
  return id
}

function render({ id, at, actor_role, actor_id, actor_token_id, job, action, user_id, subject, request_id, details }: Entry) {
  return {
    id,
    at: at.toISOString(),
    actor: { role: actor_role, userId: actor_id, tokenId: actor_token_id },
    job,
    action,
    userId: user_id,
    subject,
    requestId: request_id,
    details,
  }
}
