import {
  createAuthorizationURL,
  encodeBasicCredentials,
  getOAuth2Tokens,
  type OAuth2Tokens,
  type OAuthProvider,
} from '@better-auth/core/oauth2'
import { jwtVerify } from 'jose'
import { z } from 'zod'
import type { Clock } from '../../base/clock.ts'
import { identityErrors } from './errors.ts'
import { createKeySet } from './key-set.ts'

export interface OidcSettings {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  readonly name: string
}

export interface JsonRequest {
  method?: 'GET' | 'POST'
  headers?: Record<string, string>
  body?: string
  /** The operator's address in whose answer this one stood. On another origin it counts as anybody's. */
  namedBy?: string
}
export type FetchJson = (url: string, request?: JsonRequest) => Promise<unknown>

export interface OidcDeps {
  fetchJson: FetchJson
  clock: Clock
  onProblem: (message: string) => void
}

/** OpenID Connect Discovery 1.0, section 3: what we need of it. */
const discoverySchema = z.object({
  issuer: z.string(),
  authorization_endpoint: z.string(),
  token_endpoint: z.string(),
  userinfo_endpoint: z.string().optional(),
  jwks_uri: z.string(),
  token_endpoint_auth_methods_supported: z.array(z.string()).default(['client_secret_basic']),
})
type Discovery = z.output<typeof discoverySchema>

const claimsSchema = z.looseObject({
  sub: z.string().min(1).max(255),
  email: z.string().optional(),
  email_verified: z.unknown().optional(),
  name: z.string().optional(),
  preferred_username: z.string().optional(),
  picture: z.string().optional(),
})
type Claims = z.output<typeof claimsSchema>

/** None of them knows a shared secret. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']
const freshMs = 10 * 60_000

/**
 * The operator's own OpenID provider, as better-auth's routes see one. Not better-auth's plugin for it: that asks for the
 * configuration once, at its start, and does without the provider for good when it is away at that moment; and what it
 * asks goes to hosts that only the operator may name.
 */
export function createOidcProvider(settings: OidcSettings, { fetchJson, clock, onProblem }: OidcDeps): OAuthProvider<Claims> {
  const { issuer, clientId, clientSecret, name } = settings
  const options = { clientId, clientSecret }
  const configurationUrl = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const ask = (url: string, request: JsonRequest = {}) => fetchJson(url, { ...request, namedBy: configurationUrl })
  const discover = createDiscovery(async () => {
    const found = discoverySchema.parse(await fetchJson(configurationUrl))
    if (found.issuer !== issuer) throw new Error(`it calls itself ${found.issuer}`)
    return found
  }, clock)
  const keys = createKeySet(async () => ask((await discover()).jwks_uri), clock)

  async function requestTokens(parameters: Record<string, string>): Promise<OAuth2Tokens> {
    const { token_endpoint, token_endpoint_auth_methods_supported: methods } = await discover()
    const isBasic = methods.includes('client_secret_basic') || !methods.includes('client_secret_post')
    const secret: Record<string, string> = isBasic ? {} : { client_id: clientId, client_secret: clientSecret }
    const answer = await ask(token_endpoint, {
      method: 'POST',
      headers: {
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
        ...(isBasic ? { authorization: encodeBasicCredentials(clientId, clientSecret) } : {}),
      },
      body: new URLSearchParams({ ...parameters, ...secret }).toString(),
    })
    return getOAuth2Tokens(answer as Record<string, unknown>)
  }

  /** OpenID Connect Core 1.0, 3.1.3.7. */
  async function verify(idToken: string, nonce: string): Promise<Claims> {
    const { payload } = await jwtVerify(idToken, keys, {
      issuer,
      audience: clientId,
      algorithms,
      clockTolerance: 30,
      currentDate: new Date(clock()),
      requiredClaims: ['exp', 'iat', 'sub', 'nonce'],
    })
    if (payload.nonce !== nonce) throw new Error('another nonce')
    if (payload.azp !== undefined && payload.azp !== clientId) throw new Error('made for another party')
    return claimsSchema.parse(payload)
  }

  async function askForClaims(accessToken: string | undefined): Promise<Claims | undefined> {
    const { userinfo_endpoint } = await discover()
    if (!userinfo_endpoint || !accessToken) return undefined
    return claimsSchema.parse(await ask(userinfo_endpoint, { headers: { authorization: `Bearer ${accessToken}` } }))
  }

  async function claimsOf({ idToken, accessToken, expectedIdTokenNonce }: OAuth2Tokens & { expectedIdTokenNonce?: string | undefined }) {
    // Without a nonce it is no sign-in: somebody asks what the provider knows of them.
    if (expectedIdTokenNonce === undefined) return askForClaims(accessToken)
    const proven = await verify(idToken ?? '', expectedIdTokenNonce)
    if (proven.email !== undefined) return proven
    const more = await askForClaims(accessToken)
    if (more && more.sub !== proven.sub) throw new Error('the two answers are of two people')
    return { ...more, ...proven }
  }

  return {
    id: 'oidc',
    name,
    issuer,
    requiresIdTokenNonce: true,
    // With its issuer, so that the same subject of the next issuer is somebody else. An issuer has no fragment.
    accountSubject: ({ profile }) => `${issuer}#${profile.sub}`,

    async createAuthorizationURL({ state, codeVerifier, idTokenNonce, redirectURI, scopes = [], loginHint, additionalParams }) {
      const { authorization_endpoint: authorizationEndpoint } = await discover().catch((cause) => {
        throw identityErrors.issuer_unavailable({ cause, retryAfterSeconds: 5 })
      })
      return createAuthorizationURL({
        id: 'oidc',
        options,
        authorizationEndpoint,
        state,
        codeVerifier,
        nonce: idTokenNonce,
        redirectURI,
        scopes: [...new Set(['openid', 'email', 'profile', ...scopes])],
        loginHint,
        additionalParams,
      })
    },
    validateAuthorizationCode: ({ code, codeVerifier = '', redirectURI }) =>
      requestTokens({ grant_type: 'authorization_code', code, code_verifier: codeVerifier, redirect_uri: redirectURI }),
    refreshAccessToken: (refreshToken) => requestTokens({ grant_type: 'refresh_token', refresh_token: refreshToken }),
    async getUserInfo(tokens) {
      const data = await claimsOf(tokens).catch((error: Error) => onProblem(`OpenID: nobody is signed in, because ${error.message}`))
      if (!data) return null
      const { email, name = data.preferred_username, picture } = data
      const emailVerified = data.email_verified === true
      return { user: { email: email ?? null, emailVerified, ...(name ? { name } : {}), ...(picture ? { image: picture } : {}) }, data }
    },
  }
}

/** Asked again when it is old; what is known goes on counting while the issuer is away. */
function createDiscovery(load: () => Promise<Discovery>, clock: Clock): () => Promise<Discovery> {
  let known: Discovery | undefined
  let loadedAtMs = Number.NEGATIVE_INFINITY
  let loading: Promise<Discovery> | undefined
  return () => {
    if (known && clock() - loadedAtMs < freshMs) return Promise.resolve(known)
    loading ??= load()
      .then((loaded) => {
        loadedAtMs = clock()
        known = loaded
        return loaded
      })
      .catch((error) => {
        if (known) return known
        throw error
      })
      .finally(() => {
        loading = undefined
      })
    return loading
  }
}
