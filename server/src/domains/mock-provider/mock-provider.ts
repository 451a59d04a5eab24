import { z } from 'zod'
import { defineRoute, type Route, takenOver } from '../../platform/http/define-route.ts'
import { mockChat } from './mock-chat.ts'

const policy = { allow: 'anyone', because: 'it makes up what it says, and is there only where the operator wants it' } as const
const anything = z.looseObject({})

/** Where this server has it, below its own address, in the form in which a provider's base URL is given. */
export const mockProviderPath = '/mock/v1'

/** A provider without a model behind it, so that a first call works without a key. It is called like any other. */
export const mockProviderRoutes: readonly Route[] = [
  defineRoute({
    method: 'POST',
    path: `${mockProviderPath}/chat/completions`,
    policy,
    takesBytes: true,
    schema: { summary: 'The mock provider: says back what was said', body: anything, reply: anything },
    handler({ bytes, reply }) {
      const { status, headers, pieces } = mockChat(bytes)
      reply.hijack()
      reply.raw.writeHead(status, headers)
      for (const piece of pieces) reply.raw.write(piece)
      reply.raw.end()
      return takenOver
    },
  }),
  defineRoute({
    method: 'GET',
    path: `${mockProviderPath}/models`,
    policy,
    schema: { summary: 'The mock provider: its models', reply: z.object({ object: z.string(), data: z.array(anything) }) },
    handler: () => ({ object: 'list', data: [{ id: 'mock-1', object: 'model', created: 1_795_219_200, owned_by: 'mock' }] }),
  }),
]
