import OpenAI, { APIError } from 'openai'
import { type OfficialClient, recordingFetch, type Target, type Turn } from './target.ts'

const connect = (target: Target, fetch?: typeof globalThis.fetch) => new OpenAI({ ...target, maxRetries: 0, ...(fetch ? { fetch } : {}) })

function toRequest({ model, text, tool, schema, image }: Turn): Omit<OpenAI.Responses.ResponseCreateParamsNonStreaming, 'stream'> {
  const picture = { type: 'input_image' as const, image_url: image ?? '', detail: 'low' as const }
  return {
    model,
    input: [{ role: 'user', content: image ? [{ type: 'input_text', text }, picture] : text }],
    ...(tool ? { tools: [{ type: 'function', name: tool.name, parameters: { ...tool.parameters }, strict: true }] } : {}),
    ...(schema ? { text: { format: { type: 'json_schema', name: 'answer', schema: { ...schema } } } } : {}),
  }
}

export const openAiResponses: OfficialClient = {
  name: 'openai, responses',
  maker: 'openai',
  base: '/v1',
  operation: 'responses',
  async take(target, turn) {
    const { fetch, bytes } = recordingFetch()
    const { responses } = connect(target, fetch)
    if (!turn.stream) return { result: await responses.create(toRequest(turn)), bytes: bytes() }
    const stream = responses.stream(toRequest(turn))
    const events: unknown[] = []
    for await (const event of stream) events.push(event)
    return { result: { events, whole: await stream.finalResponse() }, bytes: bytes() }
  },
  async leave(target, turn) {
    const stream = await connect(target).responses.create({ ...toRequest(turn), stream: true })
    for await (const _ of stream) break
  },
  statusOf: (error) => (error instanceof APIError ? error.status : undefined),
}
