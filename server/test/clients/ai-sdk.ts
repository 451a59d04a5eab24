import { createAnthropic } from '@ai-sdk/anthropic'
import { createGoogleGenerativeAI } from '@ai-sdk/google'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import {
  APICallError,
  generateText,
  jsonSchema,
  type LanguageModel,
  type ModelMessage,
  tool as makeTool,
  Output,
  streamText,
  type ToolSet,
} from 'ai'
import { type OfficialClient, recordingFetch, type Target, type Turn } from './target.ts'

type Connect = (options: Target & { fetch?: typeof globalThis.fetch }, turn: Turn) => LanguageModel

const connectCompatible: Connect = (options, { model, wantsUsage = false }) =>
  createOpenAICompatible({ name: 'keyloft', ...options, includeUsage: wantsUsage, supportsStructuredOutputs: true })(model)

function toRequest({ text, tool, schema, image }: Turn) {
  const [mediaType = '', data = ''] = /^data:(.*);base64,(.*)$/.exec(image ?? '')?.slice(1) ?? []
  const messages: ModelMessage[] = [
    {
      role: 'user',
      content: image
        ? [
            { type: 'text', text },
            { type: 'file', data, mediaType },
          ]
        : text,
    },
  ]
  const tools: ToolSet = tool
    ? { [tool.name]: makeTool<unknown, never>({ inputSchema: jsonSchema({ ...tool.parameters }) }) as ToolSet[string] }
    : {}
  return {
    messages,
    maxRetries: 0,
    tools,
    ...(schema ? { output: Output.object({ schema: jsonSchema({ ...schema }) }) } : {}),
  }
}

const clientOf = (where: Omit<OfficialClient, 'take' | 'leave' | 'statusOf'>, connect: Connect): OfficialClient => ({
  ...where,
  async take(target, turn) {
    const { fetch, bytes } = recordingFetch()
    const model = connect({ ...target, fetch }, turn)
    if (!turn.stream) {
      const made = await generateText({ model, ...toRequest(turn) })
      const { text, toolCalls, usage, finishReason } = made
      return { result: { text, toolCalls, usage, finishReason, ...(turn.schema ? { output: made.output } : {}) }, bytes: bytes() }
    }
    const failures: unknown[] = []
    const stream = streamText({ model, ...toRequest(turn), onError: ({ error }) => void failures.push(error) })
    const pieces: string[] = []
    for await (const piece of stream.textStream) pieces.push(piece)
    if (failures.length > 0) throw failures[0]
    return { result: { pieces, usage: await stream.usage, toolCalls: await stream.toolCalls }, bytes: bytes() }
  },
  async leave(target, turn) {
    const leaving = new AbortController()
    const stream = streamText({ model: connect(target, turn), ...toRequest(turn), abortSignal: leaving.signal })
    for await (const _ of stream.textStream) leaving.abort()
  },
  statusOf: (error) => (APICallError.isInstance(error) ? error.statusCode : undefined),
})

export const aiSdk = [
  clientOf({ name: 'ai with @ai-sdk/openai-compatible', maker: 'openai', base: '/v1', operation: 'chat.completions' }, connectCompatible),
  clientOf({ name: 'ai with @ai-sdk/openai', maker: 'openai', base: '/v1', operation: 'responses' }, (options, { model }) =>
    createOpenAI(options)(model),
  ),
  clientOf({ name: 'ai with @ai-sdk/anthropic', maker: 'anthropic', base: '/v1', operation: 'messages' }, (options, { model }) =>
    createAnthropic(options)(model),
  ),
  clientOf(
    {
      name: 'ai with @ai-sdk/google',
      maker: 'google',
      base: '/v1beta',
      operation: 'gemini.generate_content',
      streamOperation: 'gemini.stream_generate_content',
    },
    (options, { model }) => createGoogleGenerativeAI(options)(model),
  ),
]
