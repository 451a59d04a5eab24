import { openAi } from '../dialects.ts'
import type { Operation } from './operation.ts'
import { anyJson, byId, passed } from './schemas.ts'

/** What a batch costs shows only in its files, so it is made with a key of the caller's own alone. */
const family = { protocol: 'batches', dialect: openAi, reply: passed, needsOwnKey: true } as const
const resultFiles = ['output_file_id', 'error_file_id'] as const

export const batchesCreate = {
  ...family,
  name: 'batches.create',
  method: 'POST',
  path: '/v1/batches',
  takes: 'json',
  summary: 'Many calls, from a file and to be done in a day',
  body: anyJson,
  request: { mayLackModel: true, pointer: 'input_file_id' },
  keeps: ['id'],
} as const satisfies Operation

export const batchesList = {
  ...family,
  name: 'batches.list',
  method: 'GET',
  path: '/v1/batches',
  takes: 'nothing',
  passesQuery: true,
  isFree: true,
  summary: 'The batches under the caller’s own key',
} as const satisfies Operation

export const batchesGet = {
  ...family,
  name: 'batches.get',
  method: 'GET',
  path: '/v1/batches/:id',
  suffix: '/:id',
  params: byId,
  takes: 'nothing',
  isFree: true,
  keeps: resultFiles,
  summary: 'How far a batch has come',
} as const satisfies Operation

export const batchesCancel = {
  ...family,
  name: 'batches.cancel',
  method: 'POST',
  path: '/v1/batches/:id/cancel',
  suffix: '/:id/cancel',
  params: byId,
  takes: 'nothing',
  isFree: true,
  keeps: resultFiles,
  summary: 'Stops a batch',
} as const satisfies Operation
