import { openAi } from '../dialects.ts'
import { endsWith, type Operation } from './operation.ts'
import { anyJson, form, passed, passedOrStreamed } from './schemas.ts'

const MIB = 1024 * 1024
const stream = {
  end: endsWith('.completed', 'image_(?:generation|edit)\\.completed'),
  longestEvent: 16 * MIB, // whole images stand in them
} as const

export const imagesGenerations = {
  name: 'images.generations',
  method: 'POST',
  path: '/v1/images/generations',
  protocol: 'images.generations',
  takes: 'json',
  dialect: openAi,
  summary: 'Images from a description',
  body: anyJson,
  reply: passedOrStreamed,
  request: { mayLackModel: true, choices: ['n'] },
  stream,
} as const satisfies Operation

export const imagesEdits = {
  name: 'images.edits',
  method: 'POST',
  path: '/v1/images/edits',
  protocol: 'images.edits',
  takes: 'form',
  dialect: openAi,
  summary: 'Images from images and a description',
  body: form,
  reply: passedOrStreamed,
  stream,
} as const satisfies Operation

export const imagesVariations = {
  name: 'images.variations',
  method: 'POST',
  path: '/v1/images/variations',
  protocol: 'images.variations',
  takes: 'form',
  dialect: openAi,
  summary: 'Images like another',
  body: form,
  reply: passed,
} as const satisfies Operation
