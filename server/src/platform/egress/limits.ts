const SECOND = 1_000
const MINUTE = 60 * SECOND
const KIB = 1_024
const MIB = 1_024 * KIB

export interface Limits {
  /** Resolving, TCP and TLS together. */
  readonly connectTimeoutMs: number
  readonly headerBytes: number
  readonly connectionsPerOrigin: number
  /** How many hosts that users named may have connections at one time. */
  readonly userOrigins: number
  readonly keepAliveTimeoutMs: number

  /** For `request`; each call may set its own. The times for headers and between bytes are kept to half a second. */
  readonly totalTimeoutMs: number
  readonly headersTimeoutMs: number
  readonly idleTimeoutMs: number
  readonly bodyBytes: number

  /** For `dispatcherFor` and the global fetch: a model may think for minutes before its first token. */
  readonly streamHeadersTimeoutMs: number
  readonly streamIdleTimeoutMs: number
  readonly streamBytes: number
}

export const defaultLimits: Limits = {
  connectTimeoutMs: 10 * SECOND,
  headerBytes: 16 * KIB,
  connectionsPerOrigin: 512,
  userOrigins: 4_096,
  keepAliveTimeoutMs: 15 * SECOND,
  totalTimeoutMs: 30 * SECOND,
  headersTimeoutMs: 15 * SECOND,
  idleTimeoutMs: 10 * SECOND,
  bodyBytes: MIB,
  streamHeadersTimeoutMs: 10 * MINUTE,
  streamIdleTimeoutMs: 5 * MINUTE,
  streamBytes: 1_024 * MIB,
}
