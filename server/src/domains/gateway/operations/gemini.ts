import { google } from '../dialects.ts'
import type { Operation, RequestShape } from './operation.ts'
import { anyJson, byModel, passed, passedOrStreamed } from './schemas.ts'

const family = { protocol: 'gemini.models', dialect: google, passesQuery: true, reply: passed } as const
const ofModel = { ...family, method: 'POST', params: byModel, takes: 'json', body: anyJson } as const
/** A name of a parameter may be followed by a colon of the path only where it says what it may be. */
const at = (verb: string) => ({
  path: `/v1beta/models/:model([^:/]+)::${verb}`,
  // What Google's own SDK asks for unless it is told otherwise. The provider is asked for v1beta, which has all of it.
  alsoAt: `/v1/models/:model([^:/]+)::${verb}`,
})

const mediaMarks = ['"inlineData"', '"inline_data"', '"fileData"', '"file_data"', '"cachedContent"', '"cached_content"']
/** Google takes both spellings of every name. */
const generationConfig = (camel: string, snake: string) =>
  ['generationConfig', 'generation_config'].flatMap((config) => [`${config}.${camel}`, `${config}.${snake}`])
const generation: RequestShape = {
  namesNoModel: true,
  pointsWithin: true,
  outputLimits: generationConfig('maxOutputTokens', 'max_output_tokens'),
  choices: generationConfig('candidateCount', 'candidate_count'),
  mediaMarks,
  openEndedMarks: [
    'google_search',
    'googleSearch',
    'codeExecution',
    'code_execution',
    'urlContext',
    'url_context',
    'fileSearch',
    'file_search',
    'googleMaps',
    'google_maps',
  ].map((tool) => `"${tool}`),
}

export const geminiGenerateContent = {
  ...ofModel,
  name: 'gemini.generate_content',
  ...at('generateContent'),
  suffix: '/{model}:generateContent',
  summary: 'An answer of a Gemini model',
  request: generation,
} as const satisfies Operation

export const geminiStreamGenerateContent = {
  ...ofModel,
  name: 'gemini.stream_generate_content',
  ...at('streamGenerateContent'),
  suffix: '/{model}:streamGenerateContent',
  summary: 'An answer of a Gemini model, while it is made',
  reply: passedOrStreamed,
  request: generation,
  stream: { says: ['text'] },
} as const satisfies Operation

export const geminiCountTokens = {
  ...ofModel,
  name: 'gemini.count_tokens',
  ...at('countTokens'),
  suffix: '/{model}:countTokens',
  summary: 'How many tokens a request to a Gemini model would have',
  request: { namesNoModel: true, pointsWithin: true, mediaMarks },
  isFree: true,
} as const satisfies Operation

export const geminiEmbedContent = {
  ...ofModel,
  name: 'gemini.embed_content',
  ...at('embedContent'),
  suffix: '/{model}:embedContent',
  summary: 'The embedding of a text, by Google',
  request: { namesNoModel: true, pointsWithin: true, mediaMarks },
} as const satisfies Operation

export const geminiBatchEmbedContents = {
  ...ofModel,
  name: 'gemini.batch_embed_contents',
  ...at('batchEmbedContents'),
  suffix: '/{model}:batchEmbedContents',
  summary: 'The embeddings of several texts, by Google',
  request: { namesNoModel: true, pointsWithin: true, mediaMarks },
} as const satisfies Operation

export const geminiModels = {
  ...family,
  name: 'gemini.models',
  method: 'GET',
  path: '/v1beta/models',
  takes: 'nothing',
  isFree: true,
  summary: 'The models of Google',
} as const satisfies Operation

export const geminiModel = {
  ...family,
  name: 'gemini.model',
  method: 'GET',
  path: '/v1beta/models/:model',
  suffix: '/{model}',
  params: byModel,
  takes: 'nothing',
  isFree: true,
  summary: 'What Google says of a model',
} as const satisfies Operation
