import { z } from 'zod'
import { defineRoute, type Route, takenOver } from '../../platform/http/define-route.ts'
import { type MockAnswer, madeAt } from './answer.ts'
import { mockChat } from './mock-chat.ts'
import { mockEmbeddings } from './mock-embeddings.ts'
import { mockCountTokens, mockMessages } from './mock-messages.ts'
import { mockResponses } from './mock-responses.ts'

const policy = { allow: 'anyone', because: 'it makes up what it says, and is there only where the operator wants it' } as const
const anything = z.looseObject({})

/** Where this server has it, below its own address, in the form in which a provider's base URL is given. */
export const mockProviderPath = '/mock/v1'

/** What is spoken with it, and where. */
const dialects: Readonly<Record<string, (bytes: Buffer) => MockAnswer>> = {
  '/chat/completions': mockChat,
  '/responses': mockResponses,
  '/messages': mockMessages,
  '/messages/count_tokens': mockCountTokens,
  '/embeddings': mockEmbeddings,
}

/** A provider without a model behind it, so that a first call works without a key. It is called like any other. */
export const mockProviderRoutes: readonly Route[] = [
  ...Object.entries(dialects).map(([path, answerTo]) =>
    defineRoute({
      method: 'POST',
      path: mockProviderPath + path,
      policy,
      takes: 'bytes',
      schema: { summary: `The mock provider: ${path.slice(1)}`, body: anything, reply: anything },
      handler({ bytes, reply }) {
        const { status, headers, pieces } = answerTo(bytes)
        reply.hijack()
        reply.raw.writeHead(status, headers)
        for (const piece of pieces) reply.raw.write(piece)
        reply.raw.end()
        return takenOver
      },
    }),
  ),
  defineRoute({
    method: 'GET',
    path: `${mockProviderPath}/models`,
    policy,
    schema: { summary: 'The mock provider: its models', reply: z.object({ object: z.string(), data: z.array(anything) }) },
    handler: () => ({ object: 'list', data: [{ id: 'mock-1', object: 'model', created: madeAt, owned_by: 'mock' }] }),
  }),
]
