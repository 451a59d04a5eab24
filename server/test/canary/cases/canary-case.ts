import type { House } from '../house.ts'

/** Calls that bring secrets along: the ones that succeed, and the ones that only this domain knows to refuse. */
export interface CanaryCase {
  /** In which fields they lie, as secret-fields.ts names them: `POST /api/tokens/revoke body.token`. */
  fields: readonly string[]
  /** Fields whose value the database is asked for as it is, and why that is no leak: `[field, reason]`. */
  askedFor?: readonly (readonly [string, string])[]
  /** It has nothing to do with what is sealed, and is left out where only that fails. */
  sealsNothing?: true
  /** Must not fail where the calls do: it is run under every fault too. */
  run(house: House): Promise<void>
  /** The statuses of its replies when nothing is wrong, so that a case that reaches nothing shows. */
  reaches: readonly number[]
}
