import type { Hidden } from '../../base/hidden.ts'
import type { Destination } from '../../platform/egress/egress.ts'
import type { Key } from './decide.ts'
import type { Places } from './person.ts'

/** A key from the environment. It goes to the host that the operator set, and no one's settings say otherwise. */
export interface OperatorKey extends Key {
  readonly base: Destination
  readonly hidden: Hidden
}

/** @param serverKeys by the id of their provider; that of the gateway is the team's */
export function readOperatorKeys(serverKeys: Readonly<Record<string, Hidden>>, { providers, egress }: Places): OperatorKey[] {
  return Object.entries(serverKeys).map(([id, hidden]) => {
    const provider = providers.find(id)
    if (provider?.baseUrl === undefined) throw new Error(`the server has a key of ${id}, which is called nowhere`)
    return {
      source: id === 'gateway' ? 'team-gateway' : 'server-key',
      provider,
      isEnabled: true,
      isValid: true,
      dailyLimit: null,
      monthlyLimit: null,
      base: egress.namedByOperator(provider.baseUrl),
      hidden,
    }
  })
}
