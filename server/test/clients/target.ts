/** Where an official client is pointed to: at us or at the provider itself. That and the key are all that differs. */
export interface Target {
  baseURL: string
  apiKey: string
}

export interface Turn {
  model: string
  text: string
  stream?: boolean
  /** Whether the stream is asked for its usage. */
  wantsUsage?: boolean
  tool?: { name: string; parameters: object }
  schema?: object
  image?: string
}

/** What came of a turn: in the client's own form, and the bytes it was made of. */
interface Heard {
  result: unknown
  bytes: string
}

export const modelOf = {
  openai: 'gpt-mock-1',
  anthropic: 'claude-mock-1',
  google: 'gemini-mock-1',
} as const
type Maker = keyof typeof modelOf

/** A client as its makers publish it. */
export interface OfficialClient {
  name: string
  /** Whose key it uses. */
  maker: Maker
  /** What its base URL has beyond the server's address. */
  base: '' | '/v1' | '/v1beta'
  /** As the books name what it calls. */
  operation: string
  /** Where a stream is another operation. */
  streamOperation?: string
  /** @throws what the client throws */
  take(target: Target, turn: Turn): Promise<Heard>
  /** Hears the beginning of a stream and leaves. */
  leave(target: Target, turn: Turn): Promise<void>
  /** The status that an error of this client tells. */
  statusOf(error: unknown): number | undefined
}

/** The global fetch, that keeps what came. */
export function recordingFetch(): { fetch: typeof fetch; bytes: () => string } {
  const pieces: Uint8Array[] = []
  const record = async (input: string | URL | Request, init?: RequestInit) => {
    const { body, status, statusText, headers } = await globalThis.fetch(input, init)
    const keep = new TransformStream<Uint8Array, Uint8Array>({
      transform(piece, controller) {
        pieces.push(piece)
        controller.enqueue(piece)
      },
    })
    return new Response(body?.pipeThrough(keep), { status, statusText, headers })
  }
  return { fetch: record, bytes: () => Buffer.concat(pieces).toString('latin1') }
}
