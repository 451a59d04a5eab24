import type { OAuthProvider } from '@better-auth/core/oauth2'
import type { BetterAuthOptions, BetterAuthPlugin } from 'better-auth'
import { createAuthEndpoint } from 'better-auth/api'
import type { OidcSettings } from './oidc.ts'

interface Client {
  readonly clientId: string
  readonly clientSecret: string
}

/** Where else people may have an account that signs them in here. */
export interface OtherProviders {
  readonly github?: Client | undefined
  readonly google?: Client | undefined
  readonly vercel?: Client | undefined
  readonly oidc?: OidcSettings | undefined
}

const names = { github: 'GitHub', google: 'Google', vercel: 'Vercel' } as const
type WellKnown = keyof typeof names
const wellKnownIds = Object.keys(names) as WellKnown[]

/** Those whose addresses better-auth knows. They stand on the public internet, which the global fetch reaches. */
export function wellKnown(providers: OtherProviders) {
  const given = wellKnownIds.flatMap((id) => (providers[id] ? [[id, providers[id]] as const] : []))
  // Only by the redirect dance, whose state, nonce and code belong to one browser.
  return Object.fromEntries(given.map(([id, client]) => [id, { ...client, disableIdTokenSignIn: true, ...extras[id] }]))
}

const extras: Partial<Record<WellKnown, object>> = {
  vercel: { scope: ['openid', 'email', 'profile'] },
}

export function offer<T extends object>(provider: OAuthProvider<T>): BetterAuthPlugin {
  return {
    id: `keyloft-${provider.id}`,
    init: ({ socialProviders }) => ({ context: { socialProviders: [...socialProviders, provider as unknown as OAuthProvider] } }),
  }
}

/** For a page to show its buttons by. */
export function listProviders(providers: OtherProviders): BetterAuthPlugin {
  const items = [
    ...wellKnownIds.filter((id) => providers[id]).map((id) => ({ id: id as string, name: names[id] as string })),
    ...(providers.oidc ? [{ id: 'oidc', name: providers.oidc.name }] : []),
  ]
  return {
    id: 'keyloft-providers',
    endpoints: {
      listProviders: createAuthEndpoint('/providers', { method: 'GET' }, async (context) => context.json({ items })),
    },
  }
}

type ValidateUserInfo = NonNullable<NonNullable<BetterAuthOptions['user']>['validateUserInfo']>

/** Who links an account must own its address here as well; that they own it there, better-auth asks. */
export const requireOwnAddress: ValidateUserInfo = async ({ user, source }, { context }) => {
  if (source.action !== 'link-account') return
  const local = user.id === undefined ? null : await context.internalAdapter.findUserById(user.id)
  if (!local?.emailVerified) return { error: 'EMAIL_NOT_VERIFIED', errorDescription: 'Confirm your address here first.' }
}
