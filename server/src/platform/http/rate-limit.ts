import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { sql } from 'kysely'
import type { Database } from '../database/database.ts'
import type { RateLimit } from './define-route.ts'
import { httpErrors } from './errors.ts'

/** Counts in the database, so that neither a restart nor a second process gives anybody a fresh allowance. */
export function limitRate(what: string, { max, windowSeconds }: RateLimit, database: Database) {
  return async function limit(request: FastifyRequest, reply: FastifyReply) {
    const who = request.principal?.claims.sub ?? networkOf(request.ip) // a library's routes know nobody yet
    const bucket = createHash('sha256').update(`${what}\n${who}`).digest('base64url')
    const { seen, resetsInSeconds } = await countRequest(database, bucket, windowSeconds)
    reply.header('x-ratelimit-limit', String(max))
    reply.header('x-ratelimit-remaining', String(Math.max(0, max - seen)))
    reply.header('x-ratelimit-reset', String(resetsInSeconds))
    if (seen > max) throw httpErrors.rate_limited({ retryAfterSeconds: Math.max(1, resetsInSeconds) })
  }
}

/** Whoever has one IPv6 address has the 2⁶⁴ that begin like it. */
function networkOf(address: string): string {
  if (!address.includes(':') || address.startsWith('::')) return address // IPv4 in the form of IPv6 begins so
  const [front = [], back = []] = address.split('::').map((half) => half.split(':').filter((group) => group !== ''))
  const zeros = Array<string>(Math.max(0, 8 - front.length - back.length)).fill('0')
  const network = [...front, ...zeros, ...back].slice(0, 4)
  return network.map((group) => Number.parseInt(group, 16).toString(16)).join(':')
}

async function countRequest(database: Database, bucket: string, windowSeconds: number) {
  return database.system('rate-limit', async (tx) => {
    const { rows } = await sql<{ seen: number; resetsInSeconds: number }>`
      select seen, resets_in_seconds as "resetsInSeconds"
        from keyloft.count_request(in_bucket => ${bucket}, window_seconds => ${windowSeconds})`.execute(tx)
    return rows[0] ?? { seen: 1, resetsInSeconds: windowSeconds }
  })
}
