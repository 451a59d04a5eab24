import type { CanaryCase } from './canary-case.ts'
import { signInCases } from './sign-in.ts'
import { tokenCases } from './tokens.ts'
import { vaultCases } from './vault.ts'

/** A file for each domain. A secret field that none of them plants in fails and is named. */
export const everyCase: Record<string, CanaryCase> = { ...signInCases, ...tokenCases, ...vaultCases }
