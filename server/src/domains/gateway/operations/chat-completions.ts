import { z } from 'zod'
import { openAi } from '../dialects.ts'
import type { Operation } from './operation.ts'
import { otherModels, usualService } from './schemas.ts'

export const chatCompletions = {
  name: 'chat.completions',
  method: 'POST',
  path: '/v1/chat/completions',
  protocol: 'chat.completions',
  takes: 'json',
  dialect: openAi,
  summary: 'A chat completion, by the provider that the resolver chooses',
  body: z
    .looseObject({
      model: z.string().describe('As the provider names it, or as the catalogue does.'),
      messages: z.array(z.looseObject({})),
      stream: z.boolean().nullish(),
      stream_options: z.looseObject({ include_usage: z.boolean().optional() }).nullish(),
    })
    .describe('As OpenAI takes it. Fields that are not listed pass.'),
  reply: z.looseObject({ id: z.string() }).describe('As the provider answers; with `stream`, server-sent events.'),
  request: {
    outputLimits: ['max_completion_tokens', 'max_tokens'],
    choices: ['n'],
    dearerBy: { ...usualService, prediction: [] }, // what was predicted wrongly is paid for too
    otherModels,
    pointsWithin: true,
    takesUsageWish: true,
    mediaMarks: [';base64,', '"image_url"', '"input_audio"', '"file_data"', '"file_id"'],
    openEndedMarks: ['"web_search_options"', '"search_parameters"', '"plugins"', '"server_tools"', '"openrouter:'],
  },
  stream: {
    says: ['content', 'reasoning_content', 'reasoning', 'refusal', 'name', 'arguments'],
    end: { mark: '[DONE]', pattern: /^[\r\n]*data: ?\[DONE\]\s*$/ },
  },
} as const satisfies Operation
