import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ranks from 'gpt-tokenizer/bpeRanks/o200k_base'
import { countTokens, encode } from 'gpt-tokenizer/encoding/o200k_base'
import { type ChatCompletionFunctionDefinition, computeChatCompletionTokenCount } from 'gpt-tokenizer/functionCalling'

/*
 * Answers as a model would give them, for calls whose clients leave: prose in several scripts, code, tables, one long
 * word, calls of tools, thoughts. A provider that speaks them token by token knows how many it has said.
 */

interface Tool {
  readonly function: ChatCompletionFunctionDefinition
}

export interface CorpusEntry {
  readonly name: string
  readonly messages: readonly {
    role: string
    content: string | null
    tool_calls?: readonly { function: { name: string; arguments: string } }[]
  }[]
  readonly tools?: readonly Tool[]
  readonly reasoning?: string
  readonly text?: string
  readonly call?: { readonly name: string; readonly arguments: string }
}

export const abortCorpus = JSON.parse(readFileSync(join(import.meta.dirname, 'abort-corpus.json'), 'utf8')) as readonly CorpusEntry[]

/** A piece of an answer, with the tokens that it took. */
export interface Spoken {
  readonly delta: object
  readonly tokens: number
}

/** As OpenAI sends them: a token or a few at a time, and no character in two pieces. */
export function speak({ reasoning, text, call }: CorpusEntry, tokensAtATime = 1): Spoken[] {
  const pieces: Spoken[] = []
  const say = (words: string | undefined, toDelta: (piece: string) => object) => {
    if (words !== undefined) for (const { piece, tokens } of piecesOf(words, tokensAtATime)) pieces.push({ delta: toDelta(piece), tokens })
  }
  say(reasoning, (piece) => ({ reasoning_content: piece }))
  say(text, (piece) => ({ content: piece }))
  if (call) {
    const { name } = call
    const toCall = (given: object) => ({ tool_calls: [{ index: 0, ...given }] })
    pieces.push({ delta: toCall({ id: 'call_1', type: 'function', function: { name, arguments: '' } }), tokens: countTokens(name) })
    say(call.arguments, (piece) => toCall({ function: { arguments: piece } }))
  }
  return pieces
}

function piecesOf(words: string, atATime: number): { piece: string; tokens: number }[] {
  const pieces: { piece: string; tokens: number }[] = []
  let waiting: number[] = []
  for (const token of encode(words)) {
    waiting.push(token)
    const piece = textOf(waiting)
    if (waiting.length < atATime || piece.endsWith('\ufffd')) continue
    pieces.push({ piece, tokens: waiting.length })
    waiting = []
  }
  if (waiting.length > 0) pieces.push({ piece: textOf(waiting), tokens: waiting.length })
  return pieces
}

/** A token is bytes, and may end within a character. */
const textOf = (tokens: readonly number[]) => Buffer.concat(tokens.map((token) => Buffer.from((ranks[token] ?? '') as string))).toString()

export function requestOf({ messages, tools }: CorpusEntry, model: string): object {
  return { model, messages, ...(tools && { tools }), stream: true }
}

/** What OpenAI counts for it: the messages, what frames them, and the tools as the model is shown them. */
export function promptTokensOf({ messages, tools = [] }: CorpusEntry): number {
  const plain = messages.map(({ role, content }) => ({ role, content: content ?? '' }))
  const functions = tools.map((tool) => tool.function)
  const calls = messages.flatMap(({ tool_calls: made = [] }) => made.map((call) => call.function))
  return (
    computeChatCompletionTokenCount({ messages: plain, functions }, countTokens) +
    calls.reduce((sum, call) => sum + 3 + countTokens(call.name) + countTokens(call.arguments), 0)
  )
}
