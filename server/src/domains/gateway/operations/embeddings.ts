import { z } from 'zod'
import { openAi } from '../dialects.ts'
import type { Operation } from './operation.ts'

export const embeddings = {
  name: 'embeddings',
  method: 'POST',
  path: '/v1/embeddings',
  dialect: openAi,
  summary: 'Embeddings of texts',
  body: z.looseObject({ model: z.string() }).describe('As OpenAI takes it.'),
  reply: z.looseObject({}).describe('As the provider answers.'),
  request: {},
} as const satisfies Operation
