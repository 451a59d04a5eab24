import { platformRefusals } from './platform.ts'
import type { Refusals } from './refusal.ts'
import { tokenRefusals } from './tokens.ts'
import { vaultRefusals } from './vault.ts'

/** A file for each domain. Only what does not follow from the OpenAPI document stands in them. */
export const refusalsOfEveryRoute: Refusals = { ...platformRefusals, ...tokenRefusals, ...vaultRefusals }
