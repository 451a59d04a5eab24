import type { Principal } from '../../base/principal.ts'

/** What became of a credential, and until when that may be remembered. */
export type Verdict =
  | { readonly principal: Principal; readonly untilMs: number }
  /** Why, for the operator alone. */
  | { readonly refused: string; readonly untilMs: number }
