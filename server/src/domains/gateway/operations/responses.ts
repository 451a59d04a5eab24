import { z } from 'zod'
import { openAi } from '../dialects.ts'
import { endsWith, type Operation } from './operation.ts'

const MIB = 1024 * 1024

export const responses = {
  name: 'responses',
  method: 'POST',
  path: '/v1/responses',
  dialect: openAi,
  summary: 'A response, by the provider that the resolver chooses',
  body: z
    .looseObject({ model: z.string(), stream: z.boolean().nullish() })
    .describe('As OpenAI takes it. Fields that are not listed pass.'),
  reply: z.looseObject({ id: z.string() }).describe('As the provider answers; with `stream`, server-sent events.'),
  request: {
    outputLimits: ['max_output_tokens'],
    mediaMarks: [';base64,', '"input_image"', '"input_audio"', '"input_file"', '"previous_response_id"', '"conversation"', '"prompt"'],
  },
  stream: {
    deltaMark: '"delta"',
    end: endsWith('"response":', 'response\\.(?:completed|incomplete|failed|cancelled)'),
    longestEvent: 16 * MIB, // the last one repeats all that was said, images included, and holds the usage
  },
} as const satisfies Operation
