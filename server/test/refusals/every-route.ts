import { gatewayRefusals } from './gateway.ts'
import { identityRefusals } from './identity.ts'
import { platformRefusals } from './platform.ts'
import { quotasRefusals } from './quotas.ts'
import type { Refusals } from './refusal.ts'
import { settingsRefusals } from './settings.ts'
import { tokenRefusals } from './tokens.ts'
import { usageRefusals } from './usage.ts'
import { vaultRefusals } from './vault.ts'

/** A file for each domain. Only what does not follow from the OpenAPI document stands in them. */
export const refusalsOfEveryRoute: Refusals = {
  ...gatewayRefusals,
  ...identityRefusals,
  ...platformRefusals,
  ...quotasRefusals,
  ...settingsRefusals,
  ...tokenRefusals,
  ...usageRefusals,
  ...vaultRefusals,
}
