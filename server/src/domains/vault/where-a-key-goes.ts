import type { Destination } from '../../platform/egress/destination.ts'
import type { Egress } from '../../platform/egress/egress.ts'
import { hostOf, type Provider, type Providers } from '../providers/providers.ts'
import { vaultErrors } from './errors.ts'

/** The host to seal a key for. Empty where the provider is never called. */
export function hostFor(provider: Provider, gatewayBaseUrl: string | null): string {
  if (provider.id === 'gateway' && gatewayBaseUrl !== null) return hostOf(gatewayBaseUrl)
  return provider.baseUrl === undefined ? '' : hostOf(provider.baseUrl)
}

/** @throws for what is not called, and for a query: it would stay behind at every call, and may be a key, kept in the clear */
export function checkGatewayUrl(egress: Egress, baseUrl: string) {
  egress.namedByUser(baseUrl)
  if (/[?#]/.test(baseUrl)) throw vaultErrors.base_url_has_query()
}

/**
 * Where calls with a key go. A host that a person named carries only keys that were sealed for that very host; what the
 * operator set carries keys sealed for it or for the known host that it stands in for.
 * @throws vault.host_changed
 */
export function destinationFor(
  { provider, sealedFor, gatewayBaseUrl }: { provider: Provider; sealedFor: string; gatewayBaseUrl: string | null },
  { providers, egress }: { providers: Providers; egress: Egress },
): Destination {
  if (provider.id === 'gateway' && gatewayBaseUrl !== null) {
    if (hostOf(gatewayBaseUrl) !== sealedFor) throw vaultErrors.host_changed()
    return egress.namedByUser(gatewayBaseUrl)
  }
  if (provider.baseUrl === undefined) throw vaultErrors.not_verifiable()
  if (!providers.hostsOf(provider).includes(sealedFor)) throw vaultErrors.host_changed()
  return egress.namedByOperator(provider.baseUrl)
}
