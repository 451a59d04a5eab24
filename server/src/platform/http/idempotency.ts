import { createHmac } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { sql } from 'kysely'
import type { Database } from '../database/database.ts'
import type { Route } from './define-route.ts'
import { httpErrors } from './errors.ts'

const keepSeconds = 24 * 60 * 60
const keyForm = /^[\x21-\x7e]{1,255}$/

interface Claim {
  outcome: 'new' | 'in_progress' | 'mismatch' | 'replay' | 'not_replayable'
  status: number | null
  reply: string | null
}

/**
 * A POST that creates may be sent again with the same Idempotency-Key: it happens once, and the first reply is given
 * again. Bodies are kept as a keyed hash only; a reply that holds a secret is not kept, and asking for it again is 409.
 */
export function honourIdempotencyKey(route: Route, database: Database, hashKey: Buffer) {
  const claimed = new WeakMap<FastifyRequest, { userId: string | null; key: string }>()

  return {
    /** Runs when the body has been read. A reply that it sends ends the request. */
    async claim(request: FastifyRequest, reply: FastifyReply) {
      const key = request.headers['idempotency-key']
      if (key === undefined) return
      if (typeof key !== 'string' || !keyForm.test(key)) throw httpErrors.bad_idempotency_key()
      const userId = request.principal.claims.sub ?? null
      const hash = createHmac('sha256', hashKey)
        .update(`${route.method} ${request.url}\n${JSON.stringify(request.body ?? null)}`)
        .digest()
      const { outcome, status, reply: kept } = await begin(database, userId, key, hash)
      if (outcome === 'in_progress') throw httpErrors.idempotency_in_progress({ retryAfterSeconds: 1 })
      if (outcome === 'mismatch') throw httpErrors.idempotency_mismatch()
      if (outcome === 'not_replayable') throw httpErrors.idempotency_not_replayable()
      if (outcome === 'new') return void claimed.set(request, { userId, key })
      return reply
        .code(status ?? 200)
        .header('idempotent-replayed', 'true')
        .type('application/json')
        .serializer((payload: string) => payload)
        .send(kept)
    },

    /** Before the reply leaves, so that whoever has seen it can ask for it again. */
    async keep(request: FastifyRequest, reply: FastifyReply, payload: unknown) {
      const claim = claimed.get(request)
      if (!claim) return payload
      claimed.delete(request)
      if (reply.statusCode >= 300) await abandon(database, claim)
      else await finish(database, claim, reply.statusCode, route.idempotent === 'secret' ? null : String(payload ?? ''))
      return payload
    },
  }
}

async function begin(database: Database, userId: string | null, key: string, hash: Buffer): Promise<Claim> {
  return database.system('idempotency', async (tx) => {
    const { rows } = await sql<Claim>`
      select outcome, status, reply
        from keyloft.begin_idempotent(in_user_id => ${userId}, in_key => ${key}, in_request_hash => ${hash}, keep_seconds => ${keepSeconds})`.execute(
      tx,
    )
    return rows[0] as Claim
  })
}

async function finish(database: Database, { userId, key }: { userId: string | null; key: string }, status: number, reply: string | null) {
  await database.system('idempotency', (tx) =>
    sql`select keyloft.finish_idempotent(in_user_id => ${userId}, in_key => ${key}, in_status => ${status}, in_reply => ${reply})`.execute(
      tx,
    ),
  )
}

async function abandon(database: Database, { userId, key }: { userId: string | null; key: string }) {
  await database.system('idempotency', (tx) =>
    sql`select keyloft.abandon_idempotent(in_user_id => ${userId}, in_key => ${key})`.execute(tx),
  )
}
