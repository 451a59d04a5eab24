import { z } from 'zod'
import { anthropic } from '../dialects.ts'
import { endsWith, type Operation } from './operation.ts'

const body = z
  .looseObject({ model: z.string(), messages: z.array(z.looseObject({})), stream: z.boolean().nullish() })
  .describe('As Anthropic takes it. Fields that are not listed pass.')
const mediaMarks = ['"image"', '"document"', '"file_id"']

export const messages = {
  name: 'messages',
  method: 'POST',
  path: '/v1/messages',
  dialect: anthropic,
  summary: 'A message, by the provider that the resolver chooses',
  body,
  reply: z.looseObject({}).describe('As the provider answers; with `stream`, server-sent events.'),
  request: { outputLimits: ['max_tokens'], mediaMarks },
  stream: { deltaMark: '"delta"', end: endsWith('message_stop', 'message_stop') },
} as const satisfies Operation

export const countTokens = {
  name: 'messages.count_tokens',
  method: 'POST',
  path: '/v1/messages/count_tokens',
  dialect: anthropic,
  summary: 'How many tokens a message would have',
  body,
  reply: z.looseObject({}).describe('As the provider answers.'),
  request: { mediaMarks },
  isFree: true,
} as const satisfies Operation
