/** How long a call may take, and how often it is tried. */
export interface Limits {
  /** For the head of the answer: a model may think for minutes. */
  readonly firstByteMs: number
  /** Between two pieces, of the provider's or to the client. */
  readonly idleMs: number
  readonly totalMs: number
  /** For reading on after the client has left, where a provider tells the usage only at the end. */
  readonly drainMs: number
  /** For writing a call down. */
  readonly settleMs: number
  /** Of a body that is read. */
  readonly bodyBytes: number
  /** Of one that only passes through. */
  readonly uploadBytes: number
  /** In all, over every candidate. */
  readonly attempts: number
  /** A longer pause is not waited for. */
  readonly longestWaitMs: number
  /** Before a second attempt where the provider names no time. */
  readonly backoffMs: number
}

const SECOND = 1_000
const MINUTE = 60 * SECOND
const MIB = 1_024 * 1_024

export const defaultLimits: Limits = {
  firstByteMs: 10 * MINUTE,
  idleMs: 5 * MINUTE,
  totalMs: 60 * MINUTE,
  drainMs: 5 * MINUTE,
  settleMs: 10 * SECOND,
  bodyBytes: 32 * MIB,
  uploadBytes: 2_048 * MIB,
  attempts: 4,
  longestWaitMs: 2 * SECOND,
  backoffMs: 300,
}
