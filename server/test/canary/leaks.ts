import { gzipSync } from 'node:zlib'
import { z } from 'zod'
import { AppError } from '../../src/base/errors.ts'
import { defineRoute, type Route } from '../../src/platform/http/define-route.ts'
import { secretText } from '../../src/platform/http/secret-text.ts'
import type { Sinks } from './sinks.ts'

/** Ways to leak out of a handler. */
export const ways = ['log', 'packed log', 'error', 'cause', 'header', 'body'] as const

/** A route that does what none may, so that the search is known to find. */
export const leakingRoute = (sinks: Sinks): Route =>
  defineRoute({
    method: 'POST',
    path: '/api/leaks/:way',
    policy: { allow: 'anyone', because: 'of a test' },
    schema: {
      summary: 'Leaks',
      params: z.object({ way: z.enum(ways) }),
      body: z.object({ apiKey: secretText(200) }),
      reply: z.object({ answer: z.string().optional() }),
    },
    handler: ({ params: { way }, body: { apiKey }, request, reply }) => {
      if (way === 'log') request.log.info({ request: `with ${apiKey}` }, 'asked')
      if (way === 'packed log') sinks.note('the log', gzipSync(`asked with ${apiKey}`))
      if (way === 'error') throw new AppError('leaks.it', { status: 400, message: 'It failed.' }, { internal: `with ${apiKey}` })
      if (way === 'cause') throw new AppError('leaks.it', { status: 400, message: 'It failed.' }, { cause: { cause: new Error(apiKey) } })
      if (way === 'header') reply.header('x-answer', encodeURIComponent(apiKey))
      return way === 'body' ? { answer: Buffer.from(`:${apiKey}`).toString('base64') } : {}
    },
  })
