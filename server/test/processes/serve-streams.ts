import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { createOutput } from '../../src/cli/output.ts'
import { start } from '../../src/cli/start.ts'
import { defineRoute } from '../../src/platform/http/define-route.ts'

/** `keyloft start` with a route that streams: ten events for those who ask for an end, for the others without end. */
async function* events(withEnd: boolean) {
  for (let count = 1; !withEnd || count <= 10; count++) {
    yield `data: ${count}\n\n`
    await sleep(200)
  }
}

const route = (path: string, withEnd: boolean) =>
  defineRoute({
    method: 'GET',
    path,
    policy: { allow: 'anyone', because: 'a test' },
    schema: { summary: 'Streams', reply: z.any() },
    handler: ({ reply }) => reply.type('text/event-stream').send(Readable.from(events(withEnd))),
  })

await start(createOutput(false), { moreRoutes: [route('/endless', false), route('/ten', true)] })
