import type { z } from 'zod'
import type { Dialect } from '../dialects.ts'

/** A kind of call, as data: what the gateway must know of it. The rest is between the client and the provider. */
export interface Operation<Name extends string = string> {
  /** As the ledger writes it down, the providers list it, and the usage readers know it. Never changes. */
  readonly name: Name
  readonly method: 'POST'
  readonly path: string
  readonly dialect: Dialect
  readonly summary: string
  /** For the reference alone: the body goes on as it came, and so does the answer. */
  readonly body: z.ZodType
  readonly reply: z.ZodType
  readonly request: RequestShape
  readonly stream?: StreamShape
  /** No provider charges for it. */
  readonly isFree?: true
}

/** Which members of a body the gateway reads, beside `model` and `stream`. */
export interface RequestShape {
  /** How many tokens an answer may have. */
  readonly outputLimits?: readonly string[]
  /** How many answers are asked for. */
  readonly choices?: string
  /** Streams tell their usage only where `stream_options` asks for it. */
  readonly takesUsageWish?: true
  /** Where one of these stands in a body, its length tells nothing of its tokens. */
  readonly mediaMarks?: readonly string[]
}

/** What is looked for in the events of a stream, by a string first: most events hold none of it and are not parsed. */
export interface StreamShape {
  /** Stands once in each event that brings a piece of the answer. */
  readonly deltaMark: string
  /** The event by which a client takes the answer for whole. It waits for the books. */
  readonly end?: { readonly mark: string; readonly pattern: RegExp }
  /** An event of more characters passes unread; absent: 1 MiB. */
  readonly longestEvent?: number
}

/** @param mark stands in each of these events, and in few others  @param types of events: one's name, or the first member of its data */
export const endsWith = (mark: string, types: string) => ({
  mark,
  pattern: new RegExp(`^(?:event: ?(?:${types})\\s*$|data: ?\\{\\s*"type"\\s*:\\s*"(?:${types})")`, 'm'),
})
