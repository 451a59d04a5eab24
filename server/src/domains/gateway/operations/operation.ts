import type { z } from 'zod'
import type { Protocol } from '../../providers/providers.ts'
import type { Dialect } from '../dialects.ts'

/** A kind of call, as data: what the gateway must know of it. The rest is between the client and the provider. */
export interface Operation<Name extends string = string> {
  /** As the ledger writes it down, and as the usage readers know it. Never changes. */
  readonly name: Name
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Where it is served. `:id` is something that a provider keeps, and leads to the key by which it was made. */
  readonly path: string
  /** Where else, for clients that say another version of the same. */
  readonly alsoAt?: string
  /** What a provider must speak. */
  readonly protocol: Protocol
  /** What comes after the protocol's path at the provider; `:id` and the like are filled in, `{model}` by the resolver. */
  readonly suffix?: string
  readonly dialect: Dialect
  readonly summary: string
  /** Of the parameters in its path. */
  readonly params?: z.ZodType
  /** For the reference alone: the body goes on as it came, and so does the answer. */
  readonly body?: z.ZodType
  readonly reply: z.ZodType
  /** JSON is read; a form goes through in a stream; nothing: there is no body. */
  readonly takes: 'json' | 'form' | 'nothing'
  readonly request?: RequestShape
  readonly stream?: StreamShape
  /** The query of the request is the provider's too. */
  readonly passesQuery?: true
  /** No provider charges for it. */
  readonly isFree?: true
  /** With a key of the server it would show, or spend, what nobody accounts for. */
  readonly needsOwnKey?: true
  /** The members of an answer in which stands the id of something that the provider keeps from now on. */
  readonly keeps?: readonly string[]
}

/** Which members of a body the gateway reads, beside `model` and `stream`. A dot leads into an object. */
export interface RequestShape {
  /** How many tokens an answer may have. */
  readonly outputLimits?: readonly string[]
  /** How many answers are asked for. */
  readonly choices?: readonly string[]
  /** Where it is a list, each element is answered by itself; a list of numbers is one text, in tokens. */
  readonly answersEach?: string
  /** Members by which a call costs more than its model's price says, with the values by which it does not. */
  readonly dearerBy?: Readonly<Record<string, readonly string[]>>
  /** Members that name other models, which may be called in place of the one that is meant. */
  readonly otherModels?: readonly string[]
  /** Streams tell their usage only where `stream_options` asks for it. */
  readonly takesUsageWish?: true
  /** Where one of these stands in a body, its length tells nothing of its tokens. */
  readonly mediaMarks?: readonly string[]
  /** Where one of these stands, the provider goes on by itself, and reads more than it was sent. */
  readonly openEndedMarks?: readonly string[]
  /** The provider has a model of its own where none is named. */
  readonly mayLackModel?: true
  /** The model stands in the path. */
  readonly namesNoModel?: true
  /** Points to something that the provider keeps. */
  readonly pointer?: string
  /** Ids of such may stand anywhere in it. */
  readonly pointsWithin?: true
  /** Lets the provider work on after its answer, unseen. */
  readonly detaches?: string
}

/** What is looked for in the events of a stream, by a string first: most events hold none of it and are not parsed. */
export interface StreamShape {
  /** The members whose strings are the answer, thoughts and calls of tools included. Absent: it is no text. */
  readonly says?: readonly string[]
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
