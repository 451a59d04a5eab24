import Anthropic, { APIError } from '@anthropic-ai/sdk'
import { type OfficialClient, recordingFetch, type Target, type Turn } from './target.ts'

export const connectAnthropic = (target: Target, fetch?: typeof globalThis.fetch) =>
  new Anthropic({ ...target, authToken: null, maxRetries: 0, ...(fetch ? { fetch } : {}) })

function toRequest({ model, text, tool, schema, image }: Turn): Anthropic.MessageCreateParamsNonStreaming {
  const [, data = ''] = /base64,(.*)/.exec(image ?? '') ?? []
  const picture = { type: 'image' as const, source: { type: 'base64' as const, media_type: 'image/png' as const, data } }
  return {
    model,
    max_tokens: 256,
    messages: [{ role: 'user', content: image ? [{ type: 'text', text }, picture] : text }],
    ...(tool ? { tools: [{ name: tool.name, input_schema: { type: 'object', ...tool.parameters } }] } : {}),
    ...(schema ? { output_config: { format: { type: 'json_schema', schema: { ...schema } } } } : {}),
  }
}

export const anthropic: OfficialClient = {
  name: '@anthropic-ai/sdk',
  maker: 'anthropic',
  base: '',
  operation: 'messages',
  async take(target, turn) {
    const { fetch, bytes } = recordingFetch()
    const { messages } = connectAnthropic(target, fetch)
    if (!turn.stream) return { result: await messages.create(toRequest(turn)), bytes: bytes() }
    const stream = messages.stream(toRequest(turn))
    const events: Anthropic.MessageStreamEvent[] = []
    for await (const event of stream) events.push(event)
    return { result: { events, whole: await stream.finalMessage() }, bytes: bytes() }
  },
  async leave(target, turn) {
    const stream = await connectAnthropic(target).messages.create({ ...toRequest(turn), stream: true })
    for await (const _ of stream) break
  },
  statusOf: (error) => (error instanceof APIError ? error.status : undefined),
}
