import {
  countTokens,
  digestOf,
  json,
  outputTokensOf,
  parseBody,
  type Said,
  say,
  thought,
  tokensOfAnImage,
  wordsOf,
} from '../../src/domains/mock-provider/answer.ts'
import type { Answer, Asked, Handler, Routes } from './asked.ts'

interface Part {
  text?: string
  inlineData?: object
  functionResponse?: { response?: object }
}
interface Content {
  role?: string
  parts?: Part[]
}
interface GeminiBody {
  contents?: Content[]
  systemInstruction?: Content
  tools?: { functionDeclarations?: { name?: string }[] }[]
  generationConfig?: {
    responseMimeType?: string
    responseSchema?: object
    responseJsonSchema?: object
    thinkingConfig?: { includeThoughts?: boolean }
  }
}

const generate: Handler = ({ bytes }, model = '') => {
  const answered = answerTo(bytes, model)
  if (!answered) return refusal
  const { said, thinks, chunk, usageAfter } = answered
  return json(chunk([...(thinks ? [thoughtPart] : []), ...partsOf(said)], { finishReason: 'STOP' }, usageAfter(outputTokensOf(said))))
}

/** Server-sent events with `alt=sse`; without it one array, element by element. Google's lines end in CRLF. */
export function streamGemini({ bytes, query }: Pick<Asked, 'bytes' | 'query'>, model = ''): Answer {
  const answered = answerTo(bytes, model)
  if (!answered) return refusal
  const { said, thinks, chunk, usageAfter } = answered
  const words = said.call ? partsOf(said).map((part) => [part]) : wordsOf(said.text).map((text) => [{ text }])
  const chunks = [
    ...(thinks ? [chunk([thoughtPart], {}, usageAfter(0))] : []),
    ...words.map((parts, index) =>
      chunk(parts, index + 1 < words.length ? {} : { finishReason: 'STOP' }, usageAfter(said.call ? outputTokensOf(said) : index + 1)),
    ),
  ]
  if (query.get('alt') === 'sse') {
    const pieces = chunks.map((data) => `data: ${JSON.stringify(data)}\r\n\r\n`)
    return { status: 200, headers: { 'content-type': 'text/event-stream' }, pieces }
  }
  const pieces = chunks.map((data, index) => `${index === 0 ? '[' : ',\r\n'}${JSON.stringify(data, null, 2)}\n`)
  return { status: 200, headers: { 'content-type': 'application/json; charset=UTF-8' }, pieces: [...pieces, ']\n'] }
}

const count: Handler = ({ bytes }) => {
  const { contents, generateContentRequest } = parseBody<{ contents?: Content[]; generateContentRequest?: GeminiBody }>(bytes) ?? {}
  const totalTokens = inputTokensOf(generateContentRequest ?? { contents: contents ?? [] })
  return json({ totalTokens, promptTokensDetails: [{ modality: 'TEXT', tokenCount: totalTokens }] })
}

const embed: Handler = ({ bytes }) => {
  const { requests = [] } = parseBody<{ requests?: { content?: Content }[] }>(bytes) ?? {}
  return json({ embeddings: requests.map(({ content }) => ({ values: [textOf(content).length, 0.5, -0.25] })) })
}

const describeModel = (name: string) => ({
  name: `models/${name}`,
  version: '1',
  displayName: name,
  supportedGenerationMethods: ['generateContent'],
})

export const gemini: Routes = [
  ['POST', /^\/v1(?:beta)?\/models\/([^/:]+):generateContent$/, generate],
  ['POST', /^\/v1(?:beta)?\/models\/([^/:]+):streamGenerateContent$/, streamGemini],
  ['POST', /^\/v1(?:beta)?\/models\/([^/:]+):countTokens$/, count],
  ['POST', /^\/v1(?:beta)?\/models\/([^/:]+):batchEmbedContents$/, embed],
  ['GET', /^\/v1beta\/models$/, () => json({ models: [describeModel('gemini-mock-1')] })],
  ['GET', /^\/v1beta\/models\/([^/:]+)$/, (_, name = '') => json(describeModel(name))],
]

const refusal: Answer = json({ error: { code: 400, message: 'contents is not specified', status: 'INVALID_ARGUMENT' } }, {}, 400)
const thoughtPart = { text: thought, thought: true }

function answerTo(bytes: Buffer, model: string) {
  const body = parseBody<GeminiBody>(bytes)
  if (!Array.isArray(body?.contents)) return undefined
  const { generationConfig: config = {}, tools } = body
  const last = body.contents.at(-1)
  const hasResult = last?.parts?.some((part) => part.functionResponse)
  const said = say({
    heard: textOf(body.contents.findLast(({ role }) => role !== 'model')),
    tool: hasResult ? undefined : tools?.flatMap(({ functionDeclarations = [] }) => functionDeclarations)[0]?.name,
    schema: lowerCased(config.responseJsonSchema ?? config.responseSchema),
    wantsJson: config.responseMimeType === 'application/json',
  })
  const thinks = config.thinkingConfig?.includeThoughts === true
  const thoughtsTokenCount = thinks ? countTokens(thought) : 0
  const promptTokenCount = inputTokensOf(body)
  const usageAfter = (candidatesTokenCount: number) => ({
    promptTokenCount,
    candidatesTokenCount,
    totalTokenCount: promptTokenCount + candidatesTokenCount + thoughtsTokenCount,
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: promptTokenCount }],
    ...(thinks ? { thoughtsTokenCount } : {}),
  })
  const responseId = digestOf(body.contents)
  const chunk = (parts: object[], more: object, usageMetadata: object) => ({
    candidates: [{ content: { parts, role: 'model' }, ...more, index: 0 }],
    usageMetadata,
    modelVersion: model,
    responseId,
  })
  return { said, thinks, chunk, usageAfter }
}

const textOf = (content: Content | undefined) =>
  (content?.parts ?? []).map(({ text, functionResponse }) => text ?? JSON.stringify(functionResponse ?? '')).join(' ')
const partsOf = ({ text, call }: Said) =>
  call ? [{ functionCall: { id: 'mock0001', name: call.name, args: JSON.parse(call.arguments) as object } }] : [{ text }]

function inputTokensOf({ contents = [], systemInstruction }: GeminiBody): number {
  const all = [...(systemInstruction ? [systemInstruction] : []), ...contents]
  const tokensOf = ({ text, inlineData, functionResponse }: Part) =>
    inlineData ? tokensOfAnImage : countTokens(text ?? JSON.stringify(functionResponse ?? ''))
  return all.flatMap(({ parts = [] }) => parts).reduce((sum, part) => sum + tokensOf(part), 3 * contents.length)
}

/** Google writes types in capitals. */
const lowerCased = (schema: object | undefined) =>
  schema &&
  (JSON.parse(JSON.stringify(schema).replace(/"type":"([A-Z]+)"/g, (_, type: string) => `"type":"${type.toLowerCase()}"`)) as object)
