import { parentPort } from 'node:worker_threads'
import type { Encoding } from './encodings.ts'
import { countPrompt } from './prompt-tokens.ts'

/*
 * A thread of its own that counts tokens: an encoding has two hundred thousand entries and takes a fifth of a second to
 * load, in which nobody's stream may stand still.
 */

export interface CountJob {
  readonly id: number
  readonly encoding: Encoding
  readonly texts: readonly string[]
  /** A request, of which to count what its model reads. */
  readonly request?: Uint8Array | undefined
}

export interface CountResult {
  readonly id: number
  readonly texts: readonly number[]
  readonly request?: number | undefined
}

type Count = (text: string) => number
const encodings = new Map<Encoding, Promise<Count>>()

async function load(encoding: Encoding): Promise<Count> {
  const { countTokens } = await (encoding === 'o200k_base'
    ? import('gpt-tokenizer/encoding/o200k_base')
    : import('gpt-tokenizer/encoding/cl100k_base'))
  // What looks like a special token was text when the client wrote it, and is counted as text.
  return (text) => inPieces(text).reduce((sum, piece) => sum + countTokens(piece, { disallowedSpecial: new Set() }), 0)
}

/**
 * Merging pairs takes the square of a word's length, and there are texts of one word. At a border at most one token more
 * is counted.
 */
const longestPiece = 4_096

function inPieces(text: string): string[] {
  const pieces: string[] = []
  for (let at = 0; at < text.length; ) {
    let end = Math.min(text.length, at + longestPiece)
    const blank = end < text.length ? Math.max(text.lastIndexOf(' ', end - 1), text.lastIndexOf('\n', end - 1)) : -1
    if (blank > at + longestPiece / 2) end = blank
    else if (end < text.length && isHighSurrogate(text.charCodeAt(end - 1))) end--
    pieces.push(text.slice(at, end))
    at = end
  }
  return pieces
}

const isHighSurrogate = (code: number) => code >= 0xd800 && code < 0xdc00

function readBody(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString())
  } catch {
    return undefined
  }
}

parentPort?.on('message', async ({ id, encoding, texts, request }: CountJob) => {
  const loading = encodings.get(encoding) ?? load(encoding)
  encodings.set(encoding, loading)
  const count = await loading
  const result: CountResult = { id, texts: texts.map(count), request: request && countPrompt(readBody(request), count) }
  parentPort?.postMessage(result)
})
