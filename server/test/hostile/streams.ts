import { mockChat } from '../../src/domains/mock-provider/mock-chat.ts'
import { mockMessages } from '../../src/domains/mock-provider/mock-messages.ts'
import { mockResponses } from '../../src/domains/mock-provider/mock-responses.ts'
import { streamGemini } from '../mock/gemini.ts'

/** A dialect that streams, with one answer in it, as its provider sends it and as a client must get it. */
export interface Stream {
  /** As the ledger names the call. */
  operation: string
  path: string
  request: object
  events: StreamEvent[]
  usage: { inputTokens: number; outputTokens: number }
  /** Stands once in every event that brings a piece of the answer. */
  pieceMark: string
  /** Whether an event says that nothing more will come. */
  saysItsEnd: boolean
  /** An event that says this of the usage, at the place where it is looked for. */
  lie(usage: string): string
  /** Ours, in a refusal of ours. */
  codeOf(refusal: unknown): string
}

export interface StreamEvent {
  sent: string
  /** Empty where the event is there only because we asked for usage. */
  heard: string
}

const codeOfError = (refusal: unknown) => (refusal as { error: { code: string } }).error.code

const said = 'grüße 🙂 an alle'
const messages = [{ role: 'user', content: said }]
const unchanged = (pieces: string[]): StreamEvent[] => pieces.map((piece) => ({ sent: piece, heard: piece }))
const ask = (mock: (bytes: Buffer) => { pieces: string[] }, body: object) => mock(Buffer.from(JSON.stringify(body))).pieces

function chatEvents(): StreamEvent[] {
  const body = { model: 'mock-1', messages, stream: true }
  const heard = ask(mockChat, body)
  const sent = ask(mockChat, { ...body, stream_options: { include_usage: true } })
  const usageAt = sent.length - 2
  return sent.map((piece, index) => ({
    sent: piece,
    heard: index === usageAt ? '' : (heard[index < usageAt ? index : index - 1] as string),
  }))
}

const anthropicBody = { model: 'claude-mock-1', max_tokens: 50, messages, stream: true }
const responsesBody = { model: 'mock-1', input: said, stream: true }

const geminiBody = { contents: [{ role: 'user', parts: [{ text: said }] }] }
const geminiBytes = Buffer.from(JSON.stringify(geminiBody))
const geminiPieces = streamGemini({ bytes: geminiBytes, query: new URLSearchParams('alt=sse') }, 'gemini-mock-1').pieces.map(String)

export const streams: Record<string, Stream> = {
  chat: {
    operation: 'chat.completions',
    path: '/v1/chat/completions',
    request: { model: 'mock-1', messages, stream: true },
    events: chatEvents(),
    usage: { inputTokens: 7, outputTokens: 6 },
    pieceMark: '"delta"',
    saysItsEnd: true,
    lie: (usage) => `data: {"id":"c","choices":[],"usage":${usage}}\n\n`,
    codeOf: codeOfError,
  },
  responses: {
    operation: 'responses',
    path: '/v1/responses',
    request: responsesBody,
    events: unchanged(ask(mockResponses, responsesBody)),
    usage: { inputTokens: 7, outputTokens: 6 },
    pieceMark: '"delta"',
    saysItsEnd: true,
    lie: (usage) =>
      `event: response.completed\ndata: {"type":"response.completed","response":{"id":"r","status":"completed","usage":${usage}}}\n\n`,
    codeOf: codeOfError,
  },
  messages: {
    operation: 'messages',
    path: '/v1/messages',
    request: anthropicBody,
    events: unchanged(ask(mockMessages, anthropicBody)),
    usage: { inputTokens: 7, outputTokens: 6 },
    pieceMark: '"delta"',
    saysItsEnd: true,
    lie: (usage) => `event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":${usage}}\n\n`,
    codeOf: codeOfError,
  },
  gemini: {
    operation: 'gemini.stream_generate_content',
    path: '/v1beta/models/gemini-mock-1:streamGenerateContent?alt=sse',
    request: geminiBody,
    events: unchanged(geminiPieces),
    usage: { inputTokens: 7, outputTokens: 6 },
    pieceMark: '"text"',
    saysItsEnd: false,
    lie: (usage) => `data: {"candidates":[{"content":{"parts":[]},"finishReason":"STOP","index":0}],"usageMetadata":${usage}}\r\n\r\n`,
    codeOf: (refusal) => (refusal as { error: { details: { reason: string }[] } }).error.details[0]?.reason ?? '',
  },
}
