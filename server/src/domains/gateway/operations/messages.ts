import { z } from 'zod'
import { anthropic } from '../dialects.ts'
import { endsWith, type Operation } from './operation.ts'
import { otherModels, passed, passedOrStreamed, usualService } from './schemas.ts'

const body = z
  .looseObject({ model: z.string(), messages: z.array(z.looseObject({})), stream: z.boolean().nullish() })
  .describe('As Anthropic takes it. Fields that are not listed pass.')
const mediaMarks = ['"image"', '"document"', '"file_id"']

export const messages = {
  name: 'messages',
  method: 'POST',
  path: '/v1/messages',
  protocol: 'messages',
  takes: 'json',
  dialect: anthropic,
  summary: 'A message, by the provider that the resolver chooses',
  body,
  reply: passedOrStreamed,
  request: {
    outputLimits: ['max_tokens'],
    dearerBy: { ...usualService, speed: ['standard'], inference_geo: ['global'] },
    otherModels,
    pointsWithin: true,
    mediaMarks,
    openEndedMarks: ['"web_search_2', '"web_fetch_2', '"code_execution_2', '"mcp_servers"', '"tool_search_', '"container"', '"compact_2'],
  },
  stream: { says: ['text', 'thinking', 'partial_json', 'name'], end: endsWith('message_stop', 'message_stop') },
} as const satisfies Operation

export const countTokens = {
  name: 'messages.count_tokens',
  method: 'POST',
  path: '/v1/messages/count_tokens',
  protocol: 'messages.count_tokens',
  takes: 'json',
  dialect: anthropic,
  summary: 'How many tokens a message would have',
  body,
  reply: passed,
  request: { pointsWithin: true, mediaMarks },
  isFree: true,
} as const satisfies Operation
