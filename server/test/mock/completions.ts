import {
  countTokens,
  digestOf,
  events,
  json,
  madeAt,
  openAiHeaders,
  openAiRefusal,
  parseBody,
  say,
  wordsOf,
} from '../../src/domains/mock-provider/answer.ts'
import type { Handler, Routes } from './asked.ts'

interface CompletionsBody {
  model?: string
  prompt?: string
  stream?: boolean
  stream_options?: { include_usage?: boolean }
}

const complete: Handler = ({ bytes }) => {
  const { model, prompt, stream, stream_options: options } = parseBody<CompletionsBody>(bytes) ?? {}
  if (model === undefined || prompt === undefined) return openAiRefusal('The body has no model or no prompt.')
  const { text } = say({ heard: prompt })
  const digest = digestOf(prompt)
  const [input, output] = [countTokens(prompt), countTokens(text)]
  const usage = { prompt_tokens: input, completion_tokens: output, total_tokens: input + output }
  const base = { id: `cmpl-${digest}`, object: 'text_completion', created: madeAt, model }
  const choice = (piece: string, finish_reason: string | null) => ({ text: piece, index: 0, logprobs: null, finish_reason })
  if (!stream) return json({ ...base, choices: [choice(text, 'stop')], usage }, openAiHeaders(digest))
  const none = options?.include_usage ? { usage: null } : {}
  const event = (data: object) => `data: ${JSON.stringify(data)}\n\n`
  return events(
    [
      ...wordsOf(text).map((word) => event({ ...base, choices: [choice(word, null)], ...none })),
      event({ ...base, choices: [choice('', 'stop')], ...none }),
      ...(options?.include_usage ? [event({ ...base, choices: [], usage })] : []),
      'data: [DONE]\n\n',
    ],
    openAiHeaders(digest),
  )
}

export const completions: Routes = [['POST', /^\/v1\/completions$/, complete]]
