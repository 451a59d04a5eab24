import { createHash } from 'node:crypto'
import { countTokens, digestOf, json, type MockAnswer, openAiHeaders, openAiRefusal, parseBody } from './answer.ts'

interface EmbeddingsBody {
  model?: string
  /** A text, texts, a text in tokens, or several of those. */
  input?: string | number[] | (string | number[])[]
  encoding_format?: 'float' | 'base64'
  dimensions?: number
}

const usualDimensions = 8

/** Vectors as OpenAI's API would send them. What they mean is nothing, but the same text has the same. */
export function mockEmbeddings(bytes: Buffer): MockAnswer {
  const body = parseBody<EmbeddingsBody>(bytes)
  if (!body || typeof body.model !== 'string' || body.input === undefined) return openAiRefusal('The body has no model or no input.')
  const inputs = typeof body.input === 'string' || typeof body.input[0] === 'number' ? [body.input as string | number[]] : body.input
  const data = (inputs as (string | number[])[]).map((input, index) => {
    const vector = vectorOf(input, body.dimensions ?? usualDimensions)
    const embedding = body.encoding_format === 'base64' ? Buffer.from(vector.buffer).toString('base64') : [...vector]
    return { object: 'embedding', index, embedding }
  })
  const tokens = inputs.reduce<number>(
    (sum, input) => sum + (typeof input === 'string' ? countTokens(input) : (input as number[]).length),
    0,
  )
  const usage = { prompt_tokens: tokens, total_tokens: tokens }
  return json({ object: 'list', data, model: body.model, usage }, openAiHeaders(digestOf(body.input)))
}

/** Of length one, as the real ones. */
function vectorOf(input: string | number[], dimensions: number): Float32Array {
  const raw = Array.from({ length: dimensions }, (_, at) => {
    const hash = createHash('sha256')
      .update(`${at} ${JSON.stringify(input)}`)
      .digest()
    return hash.readInt32LE() / 2 ** 31
  })
  const length = Math.hypot(...raw) || 1
  return Float32Array.from(raw, (value) => value / length)
}
