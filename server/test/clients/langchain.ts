import { HumanMessage } from '@langchain/core/messages'
import { ChatOpenAI } from '@langchain/openai'
import { type OfficialClient, recordingFetch, type Target, type Turn } from './target.ts'

function connect({ baseURL, apiKey }: Target, { model, tool, schema, wantsUsage = false }: Turn, fetch?: typeof globalThis.fetch) {
  const configuration = { baseURL, ...(fetch ? { fetch } : {}) }
  const chat = new ChatOpenAI({ model, apiKey, configuration, maxRetries: 0, streamUsage: wantsUsage, useResponsesApi: false })
  if (tool) return chat.bindTools([{ type: 'function', function: { ...tool, parameters: { ...tool.parameters } } }])
  if (schema) return chat.withConfig({ response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: { ...schema } } } })
  return chat
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

export const langChain: OfficialClient = {
  name: '@langchain/openai',
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
}

const contentOf = ({
  content,
  tool_calls: calls,
  usage_metadata: usage,
}: {
  content: unknown
  tool_calls?: unknown
  usage_metadata?: unknown
}) => ({
  content,
  calls,
  usage,
})
