import { audioSpeech, audioTranscriptions, audioTranslations } from './audio.ts'
import { batchesCancel, batchesCreate, batchesGet, batchesList } from './batches.ts'
import { chatCompletions } from './chat-completions.ts'
import { completions } from './completions.ts'
import { embeddings, moderations } from './embeddings.ts'
import { filesContent, filesDelete, filesGet, filesList, filesUpload } from './files.ts'
import {
  geminiBatchEmbedContents,
  geminiCountTokens,
  geminiEmbedContent,
  geminiGenerateContent,
  geminiModel,
  geminiModels,
  geminiStreamGenerateContent,
} from './gemini.ts'
import { imagesEdits, imagesGenerations, imagesVariations } from './images.ts'
import { countTokens, messages } from './messages.ts'
import { responses, responsesCancel, responsesDelete, responsesGet, responsesInputItems } from './responses.ts'

/** Every kind of call there is. What enters this list is served, metered and capped, and must enter the table of the tests. */
export const operations = [
  chatCompletions,
  responses,
  responsesGet,
  responsesDelete,
  responsesCancel,
  responsesInputItems,
  completions,
  embeddings,
  moderations,
  messages,
  countTokens,
  imagesGenerations,
  imagesEdits,
  imagesVariations,
  audioSpeech,
  audioTranscriptions,
  audioTranslations,
  filesUpload,
  filesList,
  filesGet,
  filesContent,
  filesDelete,
  batchesCreate,
  batchesList,
  batchesGet,
  batchesCancel,
  geminiGenerateContent,
  geminiStreamGenerateContent,
  geminiCountTokens,
  geminiEmbedContent,
  geminiBatchEmbedContents,
  geminiModels,
  geminiModel,
] as const

export type OperationName = (typeof operations)[number]['name']
