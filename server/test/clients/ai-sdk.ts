import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { APICallError, generateText, jsonSchema, type ModelMessage, tool as makeTool, Output, streamText, type ToolSet } from 'ai'
import { type OfficialClient, recordingFetch, type Target, type Turn } from './target.ts'

const connect = (target: Target, { wantsUsage = false }: Turn, fetch?: typeof globalThis.fetch) =>
  createOpenAICompatible({
    name: 'keyloft',
    ...target,
    includeUsage: wantsUsage,
    supportsStructuredOutputs: true,
    ...(fetch ? { fetch } : {}),
  })

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

export const aiSdk: OfficialClient = {
  name: 'ai with @ai-sdk/openai-compatible',
  async take(target, turn) {
    const { fetch, bytes } = recordingFetch()
    const model = connect(target, turn, fetch)(turn.model)
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
    const stream = streamText({ model: connect(target, turn)(turn.model), ...toRequest(turn), abortSignal: leaving.signal })
    for await (const _ of stream.textStream) leaving.abort()
  },
  statusOf: (error) => (APICallError.isInstance(error) ? error.statusCode : undefined),
}
