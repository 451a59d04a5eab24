import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../base/clock.ts'
import { anonymous, type Principal } from '../../base/principal.ts'
import type { Asked, Database } from '../../platform/database/database.ts'
import type { Route } from '../../platform/http/define-route.ts'
import type { Mail } from '../../platform/mail/mailer.ts'
import { deriveSecret } from '../../platform/sealing/derive-secret.ts'
import type { Keyring } from '../../platform/sealing/keyring.ts'
import type { Secrets } from '../../platform/secrets/secrets.ts'
import type { Signals } from '../../platform/signals/signals.ts'
import type { Tokens } from '../tokens/tokens.ts'
import { type Account, describeAccount, endSessions, findAccount } from './accounts.ts'
import { adminRoutes } from './admin-routes.ts'
import type { SignIn } from './better-auth.ts'
import { type Credential, readCredential } from './carriers.ts'
import { claimRoutes } from './claim-routes.ts'
import { identityErrors } from './errors.ts'
import { findExternalUser } from './external-users.ts'
import { askWhetherKeptElsewhere } from './kept-elsewhere.ts'
import { createKeySet } from './key-set.ts'
import { mountSignIn } from './mount.ts'
import { moveAccount } from './move-account.ts'
import type { FetchJson } from './oidc.ts'
import type { OtherProviders } from './providers.ts'
import { createMemory } from './remember.ts'
import { signSessionToken } from './session-value.ts'
import { createSessionCheck } from './sessions.ts'
import { sessionCookieName } from './sign-in-address.ts'
import { createSigningKeys } from './signing-keys.ts'
import { isClosed, judgeStanding } from './standing.ts'
import type { Verdict } from './verdict.ts'
import { createJwtCheck } from './verify-jwt.ts'

export interface IdentitySettings {
  /** Where people reach this server: the issuer of our tokens, and what decides whether cookies are Secure. */
  publicUrl: string
  corsOrigins: readonly string[]
  jwtSecret: string | undefined
  signInWith: OtherProviders
  externalIssuer: { jwksUrl: string; issuer: string; audience: string } | undefined
}

export interface IdentityDeps {
  database: Pick<Database, 'pools' | 'system'>
  tokens: Pick<Tokens, 'check' | 'noteUse'>
  signals: Signals
  keyring: Keyring
  secrets: Pick<Secrets, 'seal' | 'open'>
  settings: IdentitySettings
  clock: Clock
  /** Through the one door out. */
  sendMail: (mail: Mail) => void
  fetchJson: FetchJson
  onProblem: (message: string) => void
}

export interface Identity {
  /**
   * Who sent these headers; nobody where there is no credential. At once, where it is remembered.
   * Rejected with identityErrors.unauthorized for one that does not hold.
   */
  authenticate(headers: IncomingHttpHeaders): Principal | Promise<Principal>
  /** better-auth at /api/auth/*. */
  mount(app: FastifyInstance): Promise<void>
  /** For admins. */
  readonly routes: Route[]
  /** What sign-in knows of a person; nothing where it is Supabase that knows. */
  accountOf(userId: string): Promise<Account | undefined>
  /** For the person's own archive. */
  describeAccount(userId: string): Promise<object>
  /** Signs a person out everywhere, here and now. */
  shutOut(userId: string): Promise<void>
  /** better-auth's own OpenAPI document. */
  openApi(): Promise<unknown>
}

/** One that is taken back is forgotten at once, by signal. */
const acceptedTokenMs = 30_000
const refusedTokenMs = 10_000

export function createIdentity(deps: IdentityDeps): Identity {
  const { settings, clock, database, tokens, signals } = deps
  const pool = database.pools.auth
  const publicUrl = new URL(settings.publicUrl).origin
  const isSecure = publicUrl.startsWith('https:')
  const secret = deriveSecret(deps.keyring, 'sign-in').toString('base64url')
  const signingKeys = createSigningKeys({ database, secrets: deps.secrets, pool, keyring: deps.keyring, clock })
  const trustedOrigins = [...new Set([...loopbackTwins(publicUrl), ...settings.corsOrigins])]
  const carriers = { cookieName: sessionCookieName(isSecure), trustedOrigins: new Set(trustedOrigins) }
  const keptElsewhere = askWhetherKeptElsewhere(pool)

  const { externalIssuer } = settings
  const checkSession = createSessionCheck({ pool, secret, clock })
  const checkJwt = createJwtCheck({
    jwtSecret: settings.jwtSecret,
    own: { issuer: publicUrl, keys: createKeySet(() => signingKeys.publicKeys(), clock) },
    external: externalIssuer && {
      ...externalIssuer,
      keys: createKeySet(() => deps.fetchJson(externalIssuer.jwksUrl), clock),
      // Supabase's subjects are its users, and so ours; any other issuer's are looked up.
      userOf: async (payload) => ((await keptElsewhere()) ? (payload.sub ?? '') : findExternalUser(pool, externalIssuer.issuer, payload)),
    },
    clock,
  })

  async function judge({ form, text }: Credential): Promise<Verdict> {
    if (form === 'session') return checkSession(text)
    if (form === 'jwt') return judgeStanding(pool, keptElsewhere, await checkJwt(text), clock())
    const verdict = await tokens.check(text)
    if ('refused' in verdict) return { ...verdict, untilMs: clock() + refusedTokenMs }
    return {
      principal: verdict.principal,
      untilMs: Math.min(clock() + acceptedTokenMs, verdict.principal.endsAtMs ?? Number.POSITIVE_INFINITY),
    }
  }
  const memory = createMemory(judge, { clock, hearsChanges: signals.isLive })
  const forgetPerson = (id: string | undefined) => memory.forgetWhere(({ claims }) => id === undefined || claims.sub === id)
  signals.onChanged('person', forgetPerson)
  signals.onChanged('token', (id) => memory.forgetWhere(({ tokenId }) => (id === undefined ? tokenId !== undefined : tokenId === id)))

  function accept(credential: Credential, verdict: Verdict): Principal {
    if ('refused' in verdict) throw identityErrors.unauthorized({ internal: verdict.refused })
    if (credential.isProjectKey && verdict.principal.role === 'authenticated') {
      throw identityErrors.unauthorized({ internal: 'a person’s token as the project key' })
    }
    if (verdict.principal.tokenId) tokens.noteUse(verdict.principal.tokenId)
    return verdict.principal
  }

  const move = async (from: string, to: string, asked?: Asked) => {
    const verdict = await moveAccount({ database, secrets: deps.secrets }, from, to, asked)
    if (verdict === 'refused') throw identityErrors.nothing_to_claim()
    forgetPerson(from)
    return verdict === 'moved'
  }

  // Loaded on first use: it is a third of the memory of a server that nobody signs in to.
  let built: Promise<SignIn> | undefined
  const signIn = () => {
    built ??= build()
    return built
  }
  const build = async () => {
    const { createSignIn } = await import('./better-auth.ts')
    return createSignIn({
      pool,
      publicUrl,
      secret,
      trustedOrigins,
      isSecure,
      signingKeys,
      isClosed: (userId) => isClosed(pool, userId),
      sendMail: deps.sendMail,
      providers: settings.signInWith,
      move,
      database,
      secrets: deps.secrets,
      fetchJson: deps.fetchJson,
      clock,
      onSessionEnded: (token) => memory.forget(signSessionToken(token, secret)),
      onProblem: deps.onProblem,
    })
  }

  return {
    routes: [...adminRoutes({ database, pool, keptElsewhere, forgetPerson }), ...claimRoutes({ checkSession, keptElsewhere, move })],
    accountOf: async (userId) => ((await keptElsewhere()) ? undefined : findAccount(pool, userId)),
    describeAccount: async (userId) => ((await keptElsewhere()) ? { id: userId } : describeAccount(pool, userId)),
    async shutOut(userId) {
      forgetPerson(userId)
      if (!(await keptElsewhere())) await endSessions(pool, userId)
    },
    authenticate(headers) {
      try {
        const credential = readCredential(headers, carriers)
        if (!credential) return anonymous
        const verdict = memory.verdictOn(credential)
        return verdict instanceof Promise ? verdict.then((given) => accept(credential, given)) : accept(credential, verdict)
      } catch (error) {
        return Promise.reject(error)
      }
    },
    async mount(app) {
      app.addHook('onClose', async () => (await built)?.end())
      await mountSignIn(app, { publicUrl, signIn, keptElsewhere })
    },
    openApi: async () => ((await keptElsewhere()) ? undefined : (await signIn()).auth.api.generateOpenAPISchema()),
  }
}

/** Whoever runs this on their own machine calls it by either name. */
function loopbackTwins(origin: string): string[] {
  const url = new URL(origin)
  const names = ['localhost', '127.0.0.1']
  if (!names.includes(url.hostname)) return [origin]
  return names.map((name) => {
    url.hostname = name
    return url.origin
  })
}
