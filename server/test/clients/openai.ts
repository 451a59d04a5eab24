import OpenAI, { APIError } from 'openai'
import { type OfficialClient, recordingFetch, type Target, type Turn } from './target.ts'

const connect = (target: Target, fetch?: typeof globalThis.fetch) => new OpenAI({ ...target, maxRetries: 0, ...(fetch ? { fetch } : {}) })

function toRequest({ model, text, tool, schema, image }: Turn): OpenAI.ChatCompletionCreateParamsNonStreaming {
  return {
    model,
    messages: [
      {
        role: 'user',
        content: image
          ? [
              { type: 'text', text },
              { type: 'image_url', image_url: { url: image } },
            ]
          : text,
      },
    ],
    ...(tool ? { tools: [{ type: 'function', function: { ...tool, parameters: { ...tool.parameters } } }] } : {}),
    ...(schema ? { response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: { ...schema } } } } : {}),
  }
}

export const openAi: OfficialClient = {
  name: 'openai, chat',
  maker: 'openai',
  base: '/v1',
  operation: 'chat.completions',
  async take(target, turn) {
    const { fetch, bytes } = recordingFetch()
    const client = connect(target, fetch)
    if (!turn.stream) return { result: await client.chat.completions.create(toRequest(turn)), bytes: bytes() }
    const options = turn.wantsUsage ? { stream_options: { include_usage: true } } : {}
    const result: OpenAI.ChatCompletionChunk[] = []
    for await (const chunk of await client.chat.completions.create({ ...toRequest(turn), stream: true, ...options })) result.push(chunk)
    return { result, bytes: bytes() }
  },
  async leave(target, turn) {
    const stream = await connect(target).chat.completions.create({ ...toRequest(turn), stream: true })
    for await (const _ of stream) break
  },
  statusOf: (error) => (error instanceof APIError ? error.status : undefined),
}
