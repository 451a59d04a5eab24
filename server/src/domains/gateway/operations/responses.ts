import { openAi } from '../dialects.ts'
import { endsWith, type Operation } from './operation.ts'
import { byId, otherModels, passed, passedOrStreamed, usualService, withModel } from './schemas.ts'

const MIB = 1024 * 1024
const family = { protocol: 'responses', dialect: openAi } as const
/** Of one that there is: it was paid for when it was made. */
const ofOne = { ...family, params: byId, takes: 'nothing', reply: passed, isFree: true } as const

export const responses = {
  ...family,
  name: 'responses',
  method: 'POST',
  path: '/v1/responses',
  takes: 'json',
  summary: 'A response, by the provider that the resolver chooses',
  body: withModel,
  reply: passedOrStreamed,
  keeps: ['id'],
  request: {
    outputLimits: ['max_output_tokens'],
    dearerBy: usualService,
    otherModels,
    mediaMarks: [';base64,', '"input_image"', '"input_audio"', '"input_file"', '"previous_response_id"', '"conversation"', '"prompt"'],
    openEndedMarks: [
      '"web_search',
      '"file_search"',
      '"code_interpreter"',
      '"mcp"',
      '"image_generation"',
      '"computer_use',
      '"container_auto"',
      '"container_reference"',
      '"x_search"',
      '"code_execution"',
      '"collections_search"',
      '"openrouter:',
    ],
    pointsWithin: true,
    pointer: 'previous_response_id',
    detaches: 'background',
  },
  stream: {
    says: ['delta'],
    end: endsWith('"response":', 'response\\.(?:completed|incomplete|failed|cancelled)'),
    longestEvent: 16 * MIB, // the last one repeats all that was said, images included, and holds the usage
  },
} as const satisfies Operation

export const responsesGet = {
  ...ofOne,
  name: 'responses.get',
  method: 'GET',
  path: '/v1/responses/:id',
  suffix: '/:id',
  passesQuery: true,
  summary: 'A response that was made before',
  stream: responses.stream,
} as const satisfies Operation

export const responsesDelete = {
  ...ofOne,
  name: 'responses.delete',
  method: 'DELETE',
  path: '/v1/responses/:id',
  suffix: '/:id',
  summary: 'Lets a provider forget a response',
} as const satisfies Operation

export const responsesCancel = {
  ...ofOne,
  name: 'responses.cancel',
  method: 'POST',
  path: '/v1/responses/:id/cancel',
  suffix: '/:id/cancel',
  summary: 'Stops a response that is made in the background',
} as const satisfies Operation

export const responsesInputItems = {
  ...ofOne,
  name: 'responses.input_items',
  method: 'GET',
  path: '/v1/responses/:id/input_items',
  suffix: '/:id/input_items',
  passesQuery: true,
  summary: 'What a response was made from',
} as const satisfies Operation
