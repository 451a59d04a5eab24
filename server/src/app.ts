import type { RequestListener, Server } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { Hidden } from './base/hidden.ts'
import { anonymous } from './base/principal.ts'
import { catalogues } from './catalogues.ts'
import type { Config } from './config.ts'
import { mountDashboard } from './dashboard.ts'
import { type CallLimits, createGateway } from './domains/gateway/gateway.ts'
import { createIdentity } from './domains/identity/identity.ts'
import type { JsonRequest } from './domains/identity/oidc.ts'
import type { Ledger } from './domains/ledger/ledger.ts'
import { measureLedger } from './domains/ledger/measure.ts'
import { mockProviderPath, mockProviderRoutes } from './domains/mock-provider/mock-provider.ts'
import { createModels } from './domains/models/models.ts'
import { createOperator } from './domains/operator/operator.ts'
import { createProviderObjects } from './domains/provider-objects/provider-objects.ts'
import { createProviders } from './domains/providers/providers.ts'
import { createQuotas } from './domains/quotas/quotas.ts'
import { createResolver } from './domains/resolver/resolver.ts'
import { createSettings } from './domains/settings/settings.ts'
import { createTokens } from './domains/tokens/tokens.ts'
import { createUsage } from './domains/usage/usage.ts'
import { createVault } from './domains/vault/vault.ts'
import type { Database } from './platform/database/database.ts'
import type { Egress } from './platform/egress/egress.ts'
import { mountLibrary, type Route } from './platform/http/define-route.ts'
import { createHttp } from './platform/http/http.ts'
import type { Policy } from './platform/http/policy.ts'
import { probes } from './platform/http/probes.ts'
import { limitRate } from './platform/http/rate-limit.ts'
import { createMailer } from './platform/mail/mailer.ts'
import { deriveSecret } from './platform/sealing/derive-secret.ts'
import type { Keyring } from './platform/sealing/keyring.ts'
import { createSecrets } from './platform/secrets/secrets.ts'
import type { Signals } from './platform/signals/signals.ts'
import { createMetrics, type Metrics } from './platform/telemetry/metrics.ts'
import { type Tracing, untraced } from './platform/telemetry/tracing.ts'
import { createReadiness } from './readiness.ts'
import { version } from './version.ts'

export interface AppOptions {
  config: Pick<Config, 'http' | 'auth' | 'providers' | 'mockProvider' | 'servesUnaccounted' | 'eraseAfterDays' | 'mail' | 'resolver'> &
    Partial<Pick<Config, 'callBounds' | 'maxMessagesPerDay'>>
  /** Where this server is reached when nobody says otherwise. */
  url: string
  database: Database
  signals: Signals
  keyring: Keyring
  egress: Egress
  ledger: Ledger
  /** Where mails go when no service is set; in development alone. */
  mailFolder?: string | undefined
  log: Logger
  tracing?: Tracing
  /** The process's own; its jobs count there too. */
  metrics?: Metrics
  adoptServer?: (handler: RequestListener) => Server
  /** Takes what is to be done when no request is under way any more, while the ledger still is. */
  onStop?: (release: (withinMs: number) => Promise<unknown>) => void
  /** Where the usual times are too long for a test. */
  callLimits?: Partial<CallLimits>
  /** Beside ours: a test's own. */
  moreRoutes?: readonly Route[]
}

/** For calls that go on though their clients have left, when the server stops. */
const callsTimeoutMs = 1_000
/** For one address and everything that is posted below /api/auth: people mistype, guessing takes more. */
const signInLimit = { max: 60, windowSeconds: 60 }
/** For one address, with an e-mail address of their own or none: each may spend a little of the operator's money, so beginning anew has an end. */
const newAccountLimit = { max: 30, windowSeconds: 3_600 }

/** The rooms of the house, each built once and given what it needs, behind one HTTP server. */
export async function createApp(options: AppOptions): Promise<FastifyInstance> {
  const {
    config,
    url,
    database,
    signals,
    keyring,
    egress,
    ledger,
    mailFolder,
    log,
    tracing = untraced,
    metrics = createMetrics(),
    adoptServer,
    onStop,
    moreRoutes = [],
  } = options
  const { publicUrl, corsOrigins } = config.http
  metrics.watchPools(database.pools)
  measureLedger(ledger, metrics, log)
  const readiness = createReadiness(database)
  const mailer = createMailer({ resend: config.mail, folder: mailFolder, egress, log })
  const tokens = createTokens({ database, clock: Date.now })
  const secrets = createSecrets({ database, keyring, clock: Date.now })
  signals.onChanged('person', (id) => secrets.forget(id)) // an account that was closed has none any more
  const identity = createIdentity({
    database,
    tokens,
    signals,
    keyring,
    secrets,
    settings: { publicUrl: publicUrl ?? url, corsOrigins, ...config.auth },
    clock: Date.now,
    sendMail: mailer.send,
    fetchJson: (address, request) => fetchJson(egress, address, request),
    onProblem: (message) => log.warn(message),
  })
  const mockUrl = config.mockProvider ? { mock: url + mockProviderPath } : {}
  const providers = createProviders({ ...config.providers, added: { ...config.providers.added, ...mockUrl } })
  const vault = createVault({ database, secrets, providers, egress, clock: Date.now, metrics })
  const settings = createSettings({
    database,
    accountOf: identity.accountOf,
    describeAccount: identity.describeAccount,
    shutOut: identity.shutOut,
    counted: { apiKeys: 'api_keys', apiTokens: 'api_tokens' },
    eraseAfterDays: config.eraseAfterDays,
  })
  const mockKey = config.mockProvider ? { mock: new Hidden('it takes any') } : {}
  const keysInOrder = { ...config.resolver, serverKeys: { ...config.resolver.serverKeys, ...mockKey } }
  const traced = tracing.openRequest && tracing.traced
  const resolver = createResolver({
    settings: keysInOrder,
    database,
    secrets,
    providers,
    egress,
    signals,
    clock: Date.now,
    metrics,
    traced,
    restsUntil: (way) => gateway.restsUntil(way),
  })
  const gateway = createGateway({
    resolve: resolver.resolve,
    habitsOf: (provider) => providers.find(provider) ?? {},
    findProvider: providers.find,
    objects: createProviderObjects(database),
    ledger,
    egress,
    clock: Date.now,
    metrics,
    traced,
    onProblem: (what, error) => log.error({ err: error }, what),
    servesUnaccounted: config.servesUnaccounted,
    limits: options.callLimits ?? {},
    ...(config.callBounds ? { bounds: config.callBounds } : {}),
  })
  metrics.gauge('gateway_calls', 'Calls under way, those included whose client has left.', () => gateway.underWay)
  const usage = createUsage({ database, ledger, clock: Date.now })
  const limitSignIn = limitRate('sign-in', signInLimit, database)
  const limitNewAccounts = limitRate('new accounts', newAccountLimit, database)
  const mountSignIn = async (scope: FastifyInstance) => {
    scope.addHook('preParsing', async (request, reply) => {
      if (request.method !== 'POST') return
      await limitSignIn(request, reply)
      if (mayMakeAccount(request.url)) await limitNewAccounts(request, reply)
    })
    await identity.mount(scope)
  }
  const signInPolicy: Policy = { allow: 'anyone', because: 'better-auth decides who may sign in' }
  const app = await createHttp({
    log,
    metrics,
    tracing,
    database,
    version,
    publicUrl,
    corsOrigins,
    trustedProxies: config.http.trustedProxies,
    hashKey: deriveSecret(keyring, 'idempotency'),
    authenticate: (request) =>
      config.mockProvider && request.routeOptions.url?.startsWith(`${mockProviderPath}/`)
        ? anonymous // the mock's keys are not ours to check
        : identity.authenticate(request.headers),
    routes: [
      ...probes({ readiness, metrics }),
      ...tokens.routes,
      ...vault.routes,
      ...resolver.routes,
      ...gateway.routes,
      ...createModels({ database }).routes,
      ...identity.routes,
      ...settings.routes,
      ...usage.routes,
      ...createQuotas({ database, posted: ledger.posted }).routes,
      ...createOperator({ database, readiness, metrics, signals, version, clock: Date.now }).routes,
      ...(config.mockProvider ? mockProviderRoutes : []),
      ...moreRoutes,
    ],
    plugins: [(scope) => mountLibrary(scope, signInPolicy, mountSignIn), (scope) => mountDashboard(scope)],
    catalogues,
    otherDocuments: [{ prefix: '/api/auth', read: identity.openApi }],
    ...(adoptServer ? { adoptServer } : {}),
  })
  onStop?.((withinMs) => gateway.stop(Math.min(withinMs, callsTimeoutMs)))
  app.addHook('onClose', async () => {
    if (!onStop) gateway.close()
    await tokens.flush()
    await mailer.settle()
  })
  return app
}

/** However the address is spelt. */
function mayMakeAccount(url: string): boolean {
  try {
    return /anonymous|sign-up/i.test(decodeURIComponent(url))
  } catch {
    return true
  }
}

/** Of an issuer that the operator named, or of a place on another host that the issuer named: that counts as anybody's. */
async function fetchJson(egress: Egress, url: string, { namedBy = url, ...request }: JsonRequest = {}): Promise<unknown> {
  const isOperators = URL.parse(url)?.origin === URL.parse(namedBy)?.origin
  const { status, body } = await egress.request(isOperators ? egress.namedByOperator(url) : egress.namedByUser(url), request)
  if (status !== 200) throw new Error(`answered with ${status}`)
  return JSON.parse(body.toString('utf8'))
}
