import { z } from 'zod'
import { openAi } from '../dialects.ts'
import { chatCompletions } from './chat-completions.ts'
import type { Operation } from './operation.ts'

export const completions = {
  name: 'completions',
  method: 'POST',
  path: '/v1/completions',
  dialect: openAi,
  summary: 'A text that is continued',
  body: z.looseObject({ model: z.string(), stream: z.boolean().nullish() }).describe('As OpenAI takes it.'),
  reply: z.looseObject({}).describe('As the provider answers; with `stream`, server-sent events.'),
  request: { outputLimits: ['max_tokens'], choices: 'n', takesUsageWish: true },
  stream: { deltaMark: '"text"', end: chatCompletions.stream.end },
} as const satisfies Operation
