import { createHash } from 'node:crypto'
import { countTokens, digestOf, json, madeAt, openAiHeaders, parseBody } from '../../src/domains/mock-provider/answer.ts'
import { type Asked, formOf, type Handler, type Routes } from './asked.ts'

/* Images, audio and moderations, as OpenAI has them. */

/** Of an image that is made, whatever its size. */
const tokensOfAMadeImage = 272

function imageAnswer(prompt: string, imageTokens: number) {
  const text = countTokens(prompt)
  const pixels = createHash('sha512').update(prompt).digest('base64')
  return json(
    {
      created: madeAt,
      background: 'opaque',
      data: [{ b64_json: pixels }],
      output_format: 'png',
      quality: 'low',
      size: '1024x1024',
      usage: {
        input_tokens: text + imageTokens,
        input_tokens_details: { image_tokens: imageTokens, text_tokens: text },
        output_tokens: tokensOfAMadeImage,
        total_tokens: text + imageTokens + tokensOfAMadeImage,
      },
    },
    openAiHeaders(digestOf(prompt)),
  )
}

const makeImage: Handler = ({ bytes }) => imageAnswer(parseBody<{ prompt: string }>(bytes)?.prompt ?? '', 0)

const editImage: Handler = async (asked) => {
  const { texts, file } = await formOf(asked)
  return imageAnswer(texts.prompt ?? '', file?.size ?? 0)
}

/** Bytes that are no text in any encoding. */
const speak: Handler = ({ bytes }) => {
  const { input = '' } = parseBody<{ input: string }>(bytes) ?? {}
  const frames = input
    .split(' ')
    .map((word) => Buffer.concat([Buffer.of(0xff, 0xfb, 0x90, 0x00), createHash('sha512').update(word).digest()]))
  return { status: 200, headers: { ...openAiHeaders(digestOf(input)), 'content-type': 'audio/mpeg' }, pieces: frames }
}

const bytesOfASecond = 100

async function hear(asked: Asked) {
  const { texts, file } = await formOf(asked)
  const seconds = Math.ceil((file?.size ?? 0) / bytesOfASecond)
  const text = `I heard ${file?.name}.`
  const tokens = {
    input_tokens: seconds * 10,
    input_token_details: { audio_tokens: seconds * 10, text_tokens: 0 },
    output_tokens: countTokens(text),
  }
  const usage = /whisper/.test(texts.model ?? '')
    ? { type: 'duration', seconds }
    : { type: 'tokens', ...tokens, total_tokens: tokens.input_tokens + tokens.output_tokens }
  return json({ text, usage }, openAiHeaders(digestOf(text)))
}

const moderate: Handler = ({ bytes }) => {
  const { input = '', model = 'omni-moderation-latest' } = parseBody<{ input: string; model?: string }>(bytes) ?? {}
  const flagged = input.includes('harm')
  const result = {
    flagged,
    categories: { harassment: false, violence: flagged },
    category_scores: { harassment: 0.001, violence: flagged ? 0.9 : 0.002 },
    category_applied_input_types: { harassment: ['text'], violence: ['text'] },
  }
  return json({ id: `modr-${digestOf(input)}`, model, results: [result] }, openAiHeaders(digestOf(input)))
}

export const media: Routes = [
  ['POST', /^\/v1\/images\/generations$/, makeImage],
  ['POST', /^\/v1\/images\/(?:edits|variations)$/, editImage],
  ['POST', /^\/v1\/audio\/speech$/, speak],
  ['POST', /^\/v1\/audio\/(?:transcriptions|translations)$/, hear],
  ['POST', /^\/v1\/moderations$/, moderate],
]
