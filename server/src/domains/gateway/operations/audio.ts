import { openAi } from '../dialects.ts'
import { endsWith, type Operation } from './operation.ts'
import { form, passed, passedOrStreamed, withModel } from './schemas.ts'

export const audioSpeech = {
  name: 'audio.speech',
  method: 'POST',
  path: '/v1/audio/speech',
  protocol: 'audio.speech',
  takes: 'json',
  dialect: openAi,
  summary: 'A text, spoken',
  body: withModel,
  reply: passed,
  request: {},
  stream: { end: endsWith('speech.audio.done', 'speech\\.audio\\.done') },
} as const satisfies Operation

export const audioTranscriptions = {
  name: 'audio.transcriptions',
  method: 'POST',
  path: '/v1/audio/transcriptions',
  protocol: 'audio.transcriptions',
  takes: 'form',
  dialect: openAi,
  summary: 'What is said in a recording',
  body: form,
  reply: passedOrStreamed,
  stream: { says: ['delta'], end: endsWith('transcript.text.done', 'transcript\\.text\\.done') },
} as const satisfies Operation

export const audioTranslations = {
  name: 'audio.translations',
  method: 'POST',
  path: '/v1/audio/translations',
  protocol: 'audio.translations',
  takes: 'form',
  dialect: openAi,
  summary: 'What is said in a recording, in English',
  body: form,
  reply: passed,
} as const satisfies Operation
