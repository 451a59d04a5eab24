import type { Principal } from '../../base/principal.ts'
import type { Destination } from '../../platform/egress/egress.ts'
import type { Call, Outcome } from '../ledger/call.ts'

/** One way to make a call, as the resolver found it. */
export interface Candidate {
  readonly source: Call['credentialSource']
  readonly providerId: string
  readonly keyId?: string | undefined
  /** The model's name with this provider. */
  readonly modelId: string
  /** The very address that is called. */
  readonly destination: Destination
  /** The credential, and what the provider wants besides; opened when it is asked for. */
  headers(): Readonly<Record<string, string>>
  /** Why it was chosen, in a word or two. */
  readonly reason: string
  /** What becomes of a call whose client has left: cut, or read to its end for the usage. Cut unless said. */
  readonly onAbort?: 'cancel' | 'drain'
  /** Whether the provider may be asked for the usage of a stream. It may, unless said. */
  readonly tellsUsageWhenAsked?: boolean
}

interface Wanted {
  readonly model: string
  readonly protocol: 'chat.completions'
}

/** In the order in which they are to be tried. @throws an AppError where the resolution itself failed */
export type Resolve = (principal: Principal, wanted: Wanted) => readonly Candidate[] | Promise<readonly Candidate[]>

export interface Ledger {
  /** Comes back when the intent has been committed. */
  open(call: Call): Promise<void>
  /** Comes back when the call has been written down for good. */
  settle(call: Call, outcome: Outcome): Promise<void>
}
