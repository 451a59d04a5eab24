import { openAi } from '../dialects.ts'
import type { Operation } from './operation.ts'
import { byId, form, passed } from './schemas.ts'

const family = { protocol: 'files', dialect: openAi, reply: passed, isFree: true } as const
const ofOne = { ...family, params: byId, takes: 'nothing' } as const

export const filesUpload = {
  ...family,
  name: 'files.upload',
  method: 'POST',
  path: '/v1/files',
  takes: 'form',
  summary: 'A file for a provider to keep',
  body: form,
  keeps: ['id'],
} as const satisfies Operation

export const filesList = {
  ...family,
  name: 'files.list',
  method: 'GET',
  path: '/v1/files',
  takes: 'nothing',
  passesQuery: true,
  needsOwnKey: true,
  summary: 'The files that are kept under the caller’s own key',
} as const satisfies Operation

export const filesGet = {
  ...ofOne,
  name: 'files.get',
  method: 'GET',
  path: '/v1/files/:id',
  suffix: '/:id',
  summary: 'What a provider knows of a file',
} as const satisfies Operation

export const filesContent = {
  ...ofOne,
  name: 'files.content',
  method: 'GET',
  path: '/v1/files/:id/content',
  suffix: '/:id/content',
  summary: 'The bytes of a file',
} as const satisfies Operation

export const filesDelete = {
  ...ofOne,
  name: 'files.delete',
  method: 'DELETE',
  path: '/v1/files/:id',
  suffix: '/:id',
  summary: 'Lets a provider forget a file',
} as const satisfies Operation
