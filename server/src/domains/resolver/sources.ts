/** Whose key a call is made with, as the ledger writes it down. */
export const sources = ['user-gateway', 'user-key', 'server-key', 'team-gateway'] as const
export type Source = (typeof sources)[number]

/** The order in which they are tried, unless the operator says otherwise. */
export const usualOrder: readonly Source[] = ['user-gateway', 'user-key', 'server-key', 'team-gateway']

export const isOfPerson = (source: Source) => source === 'user-gateway' || source === 'user-key'

/** Of one source, these come first; then the rest, as they are listed. */
const firstProviders = ['openai', 'openrouter', 'anthropic', 'xai']

export function rankOf(provider: string): number {
  const rank = firstProviders.indexOf(provider)
  return rank < 0 ? firstProviders.length : rank
}
