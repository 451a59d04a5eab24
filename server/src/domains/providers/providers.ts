import { knownProviders } from './known-providers.ts'
import { openAiPaths, type Provider } from './provider.ts'

export { authFor, authHeader, type Protocol, type Provider, protocols } from './provider.ts'
export { providerName } from './provider-name.ts'

export interface ProviderSettings {
  /** Base URLs that the operator set in place of the known ones, by id. */
  readonly baseUrls: Readonly<Record<string, string>>
  /** OpenAI-compatible hosts that the operator added: id → base URL. */
  readonly added: Readonly<Record<string, string>>
}

export interface Providers {
  readonly all: readonly Provider[]
  /** By id or alias, in any case. */
  find(idOrAlias: string): Provider | undefined
  /**
   * The hosts a key of this provider may be sealed for and sent to: where it is called, and the known one that the
   * operator's setting stands in for. A person's gateway has a host of its own.
   */
  hostsOf(provider: Provider): readonly string[]
}

/** KEYLOFT_MOCK_PROVIDER. It speaks as OpenAI does and as Anthropic does. */
const mock = 'mock'
const { completions: _, ...newerPaths } = openAiPaths
const mockPaths = { ...newerPaths, messages: '/messages', 'messages.count_tokens': '/messages/count_tokens' } as const

export function createProviders({ baseUrls, added }: ProviderSettings): Providers {
  const known: Provider[] = knownProviders.map((provider: Provider) => {
    const baseUrl = baseUrls[provider.id] ?? provider.baseUrl
    return Object.freeze(baseUrl === undefined ? provider : { ...provider, baseUrl })
  })
  const more: Provider[] = Object.entries(added).map(([id, baseUrl]) =>
    Object.freeze({
      id,
      name: id,
      baseUrl,
      isPrivate: baseUrl.startsWith('http:'), // nobody else's is called without TLS
      auth: 'bearer',
      paths: id === mock ? mockPaths : openAiPaths,
      verifyPath: '/models',
    }),
  )
  const all = Object.freeze([...known, ...more])
  const byName = new Map(all.flatMap((provider) => [provider.id, ...(provider.aliases ?? [])].map((name) => [name, provider] as const)))
  return {
    all,
    find: (idOrAlias) => byName.get(idOrAlias.trim().toLowerCase()),
    hostsOf({ id, baseUrl }) {
      const usual: Provider | undefined = knownProviders.find((provider) => provider.id === id)
      return [...new Set([baseUrl, usual?.baseUrl].filter((url) => url !== undefined).map(hostOf))]
    },
  }
}

/** As it is bound into what is sealed: with its port where that is not the scheme's own. */
export function hostOf(url: string): string {
  return new URL(url).host
}

/** What an operator may not call a provider of theirs. */
export const takenProviderNames: ReadonlySet<string> = new Set([
  ...knownProviders.flatMap((provider: Provider) => [provider.id, ...(provider.aliases ?? [])]),
  mock,
])
