import { z } from 'zod'
import { defineRoute, type Route, takenOver } from '../../platform/http/define-route.ts'
import { readChatRequest } from './chat-request.ts'
import { openAiErrorForm } from './openai-error-form.ts'
import { type PlaceCallDeps, PlacedCall } from './place-call.ts'
import type { Resolve } from './ports.ts'

/** For the reference alone: the body goes on as it came, and so does the answer. */
const chatBody = z
  .looseObject({
    model: z.string().describe('As the provider names it, or as the catalogue does.'),
    messages: z.array(z.looseObject({})),
    stream: z.boolean().nullish(),
    stream_options: z.looseObject({ include_usage: z.boolean().optional() }).nullish(),
  })
  .describe('As OpenAI takes it. Fields that are not listed pass.')
const chatAnswer = z.looseObject({ id: z.string() }).describe('As the provider answers; with `stream`, server-sent events.')

export function gatewayRoutes(resolve: Resolve, deps: PlaceCallDeps): Route[] {
  return [
    defineRoute({
      method: 'POST',
      path: '/v1/chat/completions',
      policy: { allow: 'user', scope: 'calls' },
      takesBytes: true,
      bodyLimitBytes: deps.limits.bodyBytes,
      errorForm: openAiErrorForm,
      schema: {
        summary: 'A chat completion, by the provider that the resolver chooses',
        body: chatBody,
        reply: chatAnswer,
        refusals: [422],
      },
      async handler({ principal, bytes, request, reply }) {
        const chat = readChatRequest(bytes)
        const resolved = await resolve(principal, { model: chat.model, protocol: 'chat.completions' })
        const call = new PlacedCall(deps, {
          principal,
          requestId: request.id,
          operation: 'chat.completions',
          headers: request.headers,
          chat,
          response: reply.raw,
          ownHeaders: ownHeaders(reply.getHeaders(), request.id),
          takeOver: () => void reply.hijack(),
        })
        await call.place(resolved)
        return takenOver
      },
    }),
  ]
}

/** What the server set for every reply. A provider has a request id of its own, and its clients look for that. */
function ownHeaders(set: Record<string, unknown>, requestId: string): string[] {
  const headers = ['x-keyloft-request-id', requestId, 'x-content-type-options', 'nosniff']
  for (const name in set) headers.push(name, String(set[name]))
  return headers
}
