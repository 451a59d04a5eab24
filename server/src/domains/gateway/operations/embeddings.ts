import { openAi } from '../dialects.ts'
import type { Operation } from './operation.ts'
import { anyJson, otherModels, passed, withModel } from './schemas.ts'

export const embeddings = {
  name: 'embeddings',
  method: 'POST',
  path: '/v1/embeddings',
  protocol: 'embeddings',
  takes: 'json',
  dialect: openAi,
  summary: 'Embeddings of texts',
  body: withModel,
  reply: passed,
  request: { otherModels },
} as const satisfies Operation

export const moderations = {
  name: 'moderations',
  method: 'POST',
  path: '/v1/moderations',
  protocol: 'moderations',
  takes: 'json',
  dialect: openAi,
  summary: 'Whether texts or images are harmful',
  body: anyJson,
  reply: passed,
  request: { mayLackModel: true, mediaMarks: ['"image_url"'] },
} as const satisfies Operation
