import { ChatAnthropic } from '@langchain/anthropic'
import type { AIMessageChunk } from '@langchain/core/messages'
import { HumanMessage } from '@langchain/core/messages'
import { ChatOpenAI } from '@langchain/openai'
import { type OfficialClient, recordingFetch, type Target, type Turn } from './target.ts'

interface Chat {
  invoke(messages: HumanMessage[]): Promise<AIMessageChunk>
  stream(messages: HumanMessage[], options?: { signal: AbortSignal }): Promise<AsyncIterable<AIMessageChunk>>
}
type Connect = (target: Target, turn: Turn, fetch?: typeof globalThis.fetch) => Chat

const connectOpenAi: Connect = ({ baseURL, apiKey }, { model, tool, schema, wantsUsage = false }, fetch) => {
  const configuration = { baseURL, ...(fetch ? { fetch } : {}) }
  const chat = new ChatOpenAI({ model, apiKey, configuration, maxRetries: 0, streamUsage: wantsUsage, useResponsesApi: false })
  if (tool) return chat.bindTools([{ type: 'function', function: { ...tool, parameters: { ...tool.parameters } } }])
  if (schema) return chat.withConfig({ response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: { ...schema } } } })
  return chat
}

const connectAnthropic: Connect = ({ baseURL, apiKey }, { model, tool, schema }, fetch) => {
  const clientOptions = fetch ? { fetch } : {}
  const chat = new ChatAnthropic({ model, apiKey, anthropicApiUrl: baseURL, clientOptions, maxRetries: 0, maxTokens: 256 })
  // A schema is a tool there.
  const asked = tool ?? (schema && { name: 'answer', parameters: schema })
  return asked ? chat.bindTools([{ name: asked.name, input_schema: { type: 'object', ...asked.parameters } }]) : chat
}

const toMessages = ({ text, image }: Turn) => [
  new HumanMessage(
    image
      ? {
          content: [
            { type: 'text', text },
            { type: 'image_url', image_url: { url: image } },
          ],
        }
      : text,
  ),
]

const clientOf = (where: Pick<OfficialClient, 'name' | 'maker' | 'base' | 'operation'>, connect: Connect): OfficialClient => ({
  ...where,
  async take(target, turn) {
    const { fetch, bytes } = recordingFetch()
    const chat = connect(target, turn, fetch)
    if (!turn.stream) return { result: contentOf(await chat.invoke(toMessages(turn))), bytes: bytes() }
    const result: unknown[] = []
    for await (const chunk of await chat.stream(toMessages(turn))) result.push(contentOf(chunk))
    return { result, bytes: bytes() }
  },
  async leave(target, turn) {
    const leaving = new AbortController()
    for await (const _ of await connect(target, turn).stream(toMessages(turn), { signal: leaving.signal })) break
    leaving.abort()
  },
  statusOf: (error) => (error as { status?: number }).status,
})

const contentOf = ({ content, tool_calls: calls, usage_metadata: usage }: AIMessageChunk) => ({ content, calls, usage })

export const langChain = [
  clientOf({ name: '@langchain/openai', maker: 'openai', base: '/v1', operation: 'chat.completions' }, connectOpenAi),
  clientOf({ name: '@langchain/anthropic', maker: 'anthropic', base: '', operation: 'messages' }, connectAnthropic),
]
