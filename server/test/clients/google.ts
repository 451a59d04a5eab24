import { ApiError, type GenerateContentParameters, GoogleGenAI } from '@google/genai'
import { type OfficialClient, recordingFetch, type Target, type Turn } from './target.ts'

const connect = ({ baseURL, apiKey }: Target, fetch?: typeof globalThis.fetch) =>
  new GoogleGenAI({ apiKey, httpOptions: { baseUrl: baseURL, ...(fetch ? { fetch } : {}) } })

/** It asks for v1 unless it is told otherwise; we ask the provider for v1beta in any case. */
export const connectGoogleBeta = ({ baseURL, apiKey }: Target, fetch: typeof globalThis.fetch) =>
  new GoogleGenAI({ apiKey, apiVersion: 'v1beta', httpOptions: { baseUrl: baseURL, fetch } })

function toRequest({ model, text, tool, schema, image }: Turn): GenerateContentParameters {
  const [, data = ''] = /base64,(.*)/.exec(image ?? '') ?? []
  return {
    model,
    contents: [{ role: 'user', parts: [{ text }, ...(image ? [{ inlineData: { mimeType: 'image/png', data } }] : [])] }],
    config: {
      ...(tool ? { tools: [{ functionDeclarations: [{ name: tool.name, parametersJsonSchema: tool.parameters }] }] } : {}),
      ...(schema ? { responseMimeType: 'application/json', responseJsonSchema: schema } : {}),
    },
  }
}

/** Of an answer, without the object that holds its headers: those differ by date. */
const plain = (answer: object) => JSON.parse(JSON.stringify({ ...answer, sdkHttpResponse: undefined })) as unknown

export const google: OfficialClient = {
  name: '@google/genai',
  maker: 'google',
  base: '',
  operation: 'gemini.generate_content',
  streamOperation: 'gemini.stream_generate_content',
  async take(target, turn) {
    const { fetch, bytes } = recordingFetch()
    const { models } = connect(target, fetch)
    if (!turn.stream) return { result: plain(await models.generateContent(toRequest(turn))), bytes: bytes() }
    const result: unknown[] = []
    for await (const chunk of await models.generateContentStream(toRequest(turn))) result.push(plain(chunk))
    return { result, bytes: bytes() }
  },
  async leave(target, turn) {
    const leaving = new AbortController()
    const { config, ...request } = toRequest(turn)
    const stream = await connect(target).models.generateContentStream({
      ...request,
      config: { ...config, abortSignal: leaving.signal },
    })
    for await (const _ of stream) break
    leaving.abort()
  },
  statusOf: (error) => (error instanceof ApiError ? error.status : undefined),
}
