import { KeyloftError } from './keyloft-error.ts'

export interface StreamChatOptions {
  /** Where the server is reached. A path in it is kept. */
  url: string
  /** Unless the browser’s session is to be used: what is sent as a bearer. */
  token?: string
  fetch?: typeof fetch | undefined
  signal?: AbortSignal | undefined
}

export interface ChatToStream {
  model: string
  messages: readonly { role: string; content: string }[]
  [parameter: string]: unknown
}

export interface ChatUsage {
  prompt_tokens: number
  completion_tokens: number
  total_tokens: number
}

export interface ChatPiece {
  text: string
  usage?: ChatUsage
  finishReason?: string
}

export interface ChatStream {
  /** By which `GET /api/usage/calls/{id}` finds the call. */
  requestId: string | undefined
  /** Whose key serves it: `<source>;provider=<id>`. */
  credential: string | undefined
  pieces: AsyncIterable<ChatPiece>
}

/**
 * A chat completion as it comes. What the server refuses is thrown as a `KeyloftError`; stopping is `signal`’s.
 *
 * ```ts
 * const { pieces } = await streamChat({ url: location.origin }, { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hi' }] })
 * for await (const { text } of pieces) document.body.append(text)
 * ```
 */
export async function streamChat(
  { url, token, fetch = globalThis.fetch, signal }: StreamChatOptions,
  chat: ChatToStream,
): Promise<ChatStream> {
  const response = await fetch(`${url.replace(/\/+$/, '')}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ ...chat, stream: true, stream_options: { include_usage: true } }),
    redirect: 'error',
    ...(signal ? { signal } : {}),
  })
  if (!response.ok || !response.body) throw asKeyloftError(response, await response.text())
  return {
    requestId: response.headers.get('x-keyloft-request-id') ?? response.headers.get('x-request-id') ?? undefined,
    credential: response.headers.get('x-keyloft-credential') ?? undefined,
    pieces: readPieces(response.body),
  }
}

async function* readPieces(body: ReadableStream<Uint8Array>): AsyncIterable<ChatPiece> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      const lines = (rest + decoder.decode(read.value, { stream: true })).split(/\r?\n/)
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const data = /^data: ?(.*)$/.exec(line)?.[1]
        if (data === undefined || data === '[DONE]') continue
        yield toPiece(JSON.parse(data))
      }
    }
  } finally {
    reader.releaseLock()
  }
}

interface Chunk {
  choices?: { delta?: { content?: string | null }; finish_reason?: string | null }[]
  usage?: ChatUsage | null
  error?: { message?: string; code?: string | null }
}

/** @throws where the provider breaks off its answer with an error */
function toPiece({ choices = [], usage, error }: Chunk): ChatPiece {
  if (error) throw refusal(502, error.code ?? 'upstream', error.message)
  const [choice] = choices
  return {
    text: choice?.delta?.content ?? '',
    ...(usage ? { usage } : {}),
    ...(choice?.finish_reason ? { finishReason: choice.finish_reason } : {}),
  }
}

/** The gateway refuses as OpenAI does, a provider in words of its own. */
function asKeyloftError(response: Response, text: string): KeyloftError {
  try {
    const { error } = JSON.parse(text) as { error?: { message?: string; code?: string | null; type?: string } }
    if (error?.message) return refusal(response.status, error.code ?? error.type ?? 'upstream', error.message)
  } catch {}
  return new KeyloftError(response, text)
}

function refusal(status: number, code: string, title = 'The call was refused.'): KeyloftError {
  const headers = { 'content-type': 'application/problem+json' }
  return new KeyloftError(new Response(null, { status, headers }), JSON.stringify({ title, code }))
}
