import { chatCompletions } from './chat-completions.ts'
import { completions } from './completions.ts'
import { embeddings } from './embeddings.ts'
import { countTokens, messages } from './messages.ts'
import { responses } from './responses.ts'

/** Every kind of call there is. What enters this list is served, metered and capped, and must enter the table of the tests. */
export const operations = [chatCompletions, responses, completions, embeddings, messages, countTokens] as const

export type OperationName = (typeof operations)[number]['name']
