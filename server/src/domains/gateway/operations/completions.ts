import { openAi } from '../dialects.ts'
import { chatCompletions } from './chat-completions.ts'
import type { Operation } from './operation.ts'
import { otherModels, passedOrStreamed, withModel } from './schemas.ts'

export const completions = {
  name: 'completions',
  method: 'POST',
  path: '/v1/completions',
  protocol: 'completions',
  takes: 'json',
  dialect: openAi,
  summary: 'A text that is continued',
  body: withModel,
  reply: passedOrStreamed,
  request: { outputLimits: ['max_tokens'], choices: ['n', 'best_of'], answersEach: 'prompt', otherModels, takesUsageWish: true },
  stream: { says: ['text'], end: chatCompletions.stream.end },
} as const satisfies Operation
