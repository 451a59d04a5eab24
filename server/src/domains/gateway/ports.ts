import type { Principal } from '../../base/principal.ts'
import type { Destination } from '../../platform/egress/egress.ts'
import type { Call, Outcome } from '../ledger/call.ts'
import type { Protocol } from '../providers/providers.ts'

/** One way to make a call, as the resolver found it. */
export interface Candidate {
  readonly source: Call['credentialSource']
  readonly provider: string
  readonly keyId?: string | undefined
  /** The model's name with this provider. */
  readonly modelId: string
  /** Whether a hard limit may hold for it. */
  readonly isCapped?: boolean | undefined
  /** The very address that is called. */
  readonly destination: Destination
  /** The credential; opened when it is asked for. What does not open fails the call. */
  authHeaders(): Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>
}

export interface Resolved {
  /** In the order in which they are to be tried. */
  readonly candidates: readonly Candidate[]
  /** How it was decided, for the books: a line for each candidate first, then for what was passed over. */
  readonly trace: readonly object[]
}

export interface Wanted {
  readonly model: string | undefined
  /** Absent: anything, beneath the base of the provider. */
  readonly protocol?: Protocol | undefined
  /** Comes after the protocol's path; `{model}` in it becomes the model's name with the provider. */
  readonly suffix?: string | undefined
  /** The only provider that will do. */
  readonly provider?: string | undefined
  readonly madeWith?: Made | undefined
  readonly needsOwnKey?: boolean | undefined
  readonly isModelFree?: boolean | undefined
  /** Beside the one that is meant. */
  readonly namesOtherModels?: boolean | undefined
}

/** With which key something was made that a provider keeps. */
export interface Made {
  readonly provider: string
  readonly source: Call['credentialSource']
  readonly keyId?: string | undefined
}

/** A provider, as far as its address goes. */
export interface Callable {
  readonly id: string
  /** Absent: it is called by nobody here. */
  readonly baseUrl?: string | undefined
  readonly paths?: Readonly<Partial<Record<Protocol, string>>> | undefined
  /** A machine of the operator's own: people may make calls to a model there, and nothing else. */
  readonly isPrivate?: boolean | undefined
}

/** By id or alias. */
export type FindProvider = (name: string) => Callable | undefined

/** What providers keep for people: responses, files, batches. Each is reached with the key that made it, by whom it was made for. */
export interface Objects {
  find(userId: string, objectId: string): Promise<Made | 'of another' | undefined>
  remember(userId: string, objectId: string, made: Made): Promise<void>
}

/** At once, where all is known. @throws an AppError where nothing serves, and where the resolution itself failed */
export type Resolve = (principal: Principal, wanted: Wanted) => Resolved | Promise<Resolved>

/**
 * What becomes of a stream whose client has left. estimate: it is ended at the provider, and what came is estimated.
 * drain: the provider would go on and charge anyway, so it is read to its end. void: it is ended, and nothing is charged.
 */
export type WhenClientLeaves = 'estimate' | 'drain' | 'void'

/** What is particular to a provider, as far as carrying calls goes. */
export interface Habits {
  /** Wanted by it in every request. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly whenClientLeaves?: WhenClientLeaves | undefined
  /** Whether it may be asked for the usage of a stream. It may, unless said. */
  readonly takesUsageWish?: boolean | undefined
}

export interface Ledger {
  /** Whether what the call may use is reserved already. If not, its intent must be committed before it is made. */
  reserve(call: Call): boolean | Promise<boolean>
  /** Comes back when the intent has been committed. */
  open(call: Call): Promise<void>
  /** Comes back when the call has been written down for good. */
  settle(call: Call, outcome: Outcome): Promise<unknown>
}
