import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Hidden } from './base/hidden.ts'
import { type LogLevel, type Name, type Value, variables } from './config-variables.ts'
import type { CallBound } from './domains/gateway/bounds.ts'
import type { OtherProviders } from './domains/identity/providers.ts'
import type { KnownProviderId } from './domains/providers/known-providers.ts'
import type { ProviderSettings } from './domains/providers/providers.ts'
import type { ResolverSettings } from './domains/resolver/resolver.ts'
import { usualOrder } from './domains/resolver/sources.ts'
import { readEnvFile } from './env-file.ts'
import type { LoginUrls } from './platform/database/logins.ts'
import type { EgressOptions } from './platform/egress/egress.ts'
import type { Resend } from './platform/mail/mailer.ts'
import { type Keyring, parseKeyring, rootKeyExample } from './platform/sealing/keyring.ts'
import type { LegacyKeys } from './platform/sealing/legacy.ts'
import type { TracingSettings } from './platform/telemetry/tracing.ts'

/** Everything that can be set from outside, read once. The only reader of process.env. */
export interface Config {
  readonly http: {
    readonly host: string
    readonly port: number
    /** Where people reach this server, as an origin; absent where nobody said. */
    readonly publicUrl: string | undefined
    /** Other origins whose pages may call and carry the session cookie. */
    readonly corsOrigins: readonly string[]
    /** Addresses or networks of the proxies in front, whose word on the caller's address is taken. */
    readonly trustedProxies: string | undefined
  }
  readonly auth: {
    /** Accounts elsewhere that sign people in here. */
    readonly signInWith: OtherProviders
    /** For HS256, as Supabase signs. */
    readonly jwtSecret: string | undefined
    readonly externalIssuer: { readonly jwksUrl: string; readonly issuer: string; readonly audience: string } | undefined
  }
  /** What users' hosts may be beyond https on the public internet, and whom TLS trusts besides. */
  readonly egress: Pick<EgressOptions, 'allow' | 'certificateAuthorities'>
  /** Who receives traces; absent where nobody does. */
  readonly tracing: TracingSettings | undefined
  readonly providers: ProviderSettings
  /** Whether this server has a provider that makes up its answers. With the embedded database alone. */
  readonly mockProvider: boolean
  /** Whether calls are made that cannot be written down, while the database is away. */
  readonly servesUnaccounted: boolean
  /** The most that a call of a route may use, where nobody else can tell. */
  readonly callBounds: readonly CallBound[]
  /** Messages a person may send in a day, unless they were granted another number. */
  readonly maxMessagesPerDay: number
  /** How long a person who closed their account may still ask for it back. */
  readonly eraseAfterDays: number
  /** Whole months before this one whose calls are kept one by one; absent: all of them. */
  readonly keepUsageMonths: number | undefined
  /** The service that sends mails; absent where none is set. */
  readonly mail: Resend | undefined
  /** The operator's own keys, and in which order keys are tried. */
  readonly resolver: ResolverSettings
  /** An API token, for `keyloft call`. The server has no use for it. */
  readonly callToken: Hidden | undefined
  readonly logLevel: LogLevel
  readonly dataDir: { readonly path: string; readonly isDefault: boolean }
  readonly database: EmbeddedDatabase | ExternalDatabase
  /** From the environment or the file it names; absent where the data directory keeps its own. */
  readonly keyring: Keyring | undefined
  /** Of systems that wrote before Keyloft, for reading what they sealed. */
  readonly legacyKeys: LegacyKeys
  readonly poolSize: number
  /** Whether `keyloft start` does the jobs too. Where `keyloft worker` runs beside it, it need not. */
  readonly worksOnJobs: boolean
}

interface EmbeddedDatabase {
  readonly kind: 'embedded'
}

interface ExternalDatabase {
  readonly kind: 'external'
  /** Absent where only the three logins are known: then the server never sees the owner. */
  readonly ownerUrl: string | undefined
  /** For what a transaction pooler cannot carry: migrations, LISTEN, the job queue. */
  readonly directUrl: string | undefined
  readonly loginUrls: LoginUrls | undefined
  readonly migrateAtStart: boolean
}

export class ConfigError extends Error {
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    super(['Keyloft cannot start with this configuration:', ...faults.map((fault) => `  - ${fault}`)].join('\n'))
    this.name = 'ConfigError'
    this.faults = faults
  }
}

type Read = <K extends Name>(name: K, calledHere?: string) => Value<K> | undefined

const defaultDataDir = '.keyloft'
const issuerVariables = ['AUTH_JWKS_URL', 'AUTH_ISSUER', 'AUTH_AUDIENCE'] as const
const loginVariables = ['DATABASE_USER_URL', 'DATABASE_SERVICE_URL', 'DATABASE_AUTH_URL'] as const

/**
 * Reads `.env`, then `.env.local`, then the environment; the later wins, and an empty value counts as absent.
 * @param folder where the files and the default data directory lie
 * @param needsRootKeys false for commands that seal and open nothing, so that they work without the keys
 * @throws ConfigError naming every fault at once
 */
export function readConfig(folder: string, options: { needsRootKeys: boolean }, env: NodeJS.ProcessEnv = process.env): Config {
  const files = ['.env', '.env.local'].map((name) => readEnvFile(join(folder, name), name))
  const faults = files.flatMap((file) => file.faults)
  const given = Object.assign({}, ...files.map((file) => withoutEmpty(file.values)), withoutEmpty(env)) as Record<string, string>

  const read: Read = (name, calledHere = name) => {
    const text = given[calledHere]
    if (text === undefined) return undefined
    const { schema, needs, example } = variables[name]
    const parsed = schema.safeParse(text)
    if (parsed.success) return parsed.data as Value<typeof name>
    faults.push(`${calledHere} is not ${needs}. Example: ${calledHere}=${example}`)
    return undefined
  }

  const dataDir = read('KEYLOFT_DATA_DIR')
  const database = readDatabase(read, given, faults)
  const origins = readOrigins(read)
  const config: Config = {
    http: Object.freeze({ host: read('HOST') ?? '127.0.0.1', port: read('PORT') ?? 8787, ...origins }),
    auth: Object.freeze({
      jwtSecret: read('JWT_SECRET'),
      externalIssuer: readIssuer(read, given, faults, origins.publicUrl),
      signInWith: readSignInWith(read, given, faults),
    }),
    egress: Object.freeze(readEgress(read, given, folder, faults)),
    tracing: readTracing(read, given),
    providers: readProviders(read),
    mail: readMail(read, given, faults),
    servesUnaccounted: read('KEYLOFT_UNACCOUNTED_CALLS') === '1',
    callBounds: Object.freeze(read('KEYLOFT_CALL_BOUNDS') ?? []),
    maxMessagesPerDay: read('MAX_MESSAGES_PER_DAY') ?? 20,
    mockProvider: readMockProvider(read, database, faults),
    eraseAfterDays: read('KEYLOFT_ERASE_AFTER_DAYS') ?? 30,
    keepUsageMonths: read('KEYLOFT_USAGE_KEEP_MONTHS'),
    resolver: readResolver(read),
    callToken: read('KEYLOFT_TOKEN'),
    logLevel: read('LOG_LEVEL') ?? 'info',
    dataDir: Object.freeze({ path: resolve(folder, dataDir ?? defaultDataDir), isDefault: dataDir === undefined }),
    database: Object.freeze(database),
    keyring: readKeyring(given, folder, faults, options.needsRootKeys && database.kind === 'external'),
    legacyKeys: readLegacyKeys(read),
    poolSize: read('DATABASE_POOL_SIZE') ?? 10,
    worksOnJobs: read('KEYLOFT_WORKER') !== '0',
  }
  if (faults.length > 0) throw new ConfigError(faults)
  return Object.freeze(config)
}

function withoutEmpty(values: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value.trim() !== '')) as Record<
    string,
    string
  >
}

function readDatabase(read: Read, given: Record<string, string>, faults: string[]): EmbeddedDatabase | ExternalDatabase {
  if (given.DATABASE_URL !== undefined && given.POSTGRES_URL !== undefined && given.DATABASE_URL !== given.POSTGRES_URL) {
    faults.push(`DATABASE_URL and POSTGRES_URL name two different databases; set one of them. ${exampleOf('DATABASE_URL')}`)
  }
  const hasOwner = given.DATABASE_URL !== undefined || given.POSTGRES_URL !== undefined
  const ownerUrl = read('DATABASE_URL', given.DATABASE_URL === undefined ? 'POSTGRES_URL' : 'DATABASE_URL')
  const directUrl = read('DATABASE_DIRECT_URL')
  const logins = {
    keyloft_user: read('DATABASE_USER_URL'),
    keyloft_service: read('DATABASE_SERVICE_URL'),
    keyloft_auth: read('DATABASE_AUTH_URL'),
  }
  const absentLogins = loginVariables.filter((name) => given[name] === undefined)
  const hasLogins = absentLogins.length < loginVariables.length
  if (hasLogins && absentLogins.length > 0) {
    faults.push(`${absentLogins.join(' and ')} must be set too: the three logins go together. ${absentLogins.map(exampleOf).join(' ')}`)
  }
  const migrateAtStart = read('KEYLOFT_MIGRATE') === '1'
  if (migrateAtStart && hasLogins && !hasOwner) {
    faults.push(`KEYLOFT_MIGRATE=1 needs the database's owner in DATABASE_URL. ${exampleOf('DATABASE_URL')}`)
  }
  if (hasOwner || hasLogins) {
    return { kind: 'external', ownerUrl, directUrl, loginUrls: hasLogins ? (logins as LoginUrls) : undefined, migrateAtStart }
  }
  if (given.DATABASE_DIRECT_URL !== undefined) {
    faults.push(`DATABASE_DIRECT_URL is set without DATABASE_URL. ${exampleOf('DATABASE_URL')}`)
  }
  return { kind: 'embedded' }
}

function readLegacyKeys(read: Read): LegacyKeys {
  const given = (...values: (string | undefined)[]) => values.filter((value) => value !== undefined)
  return { hex: given(read('ENCRYPTION_KEY'), read('API_KEY_ENCRYPTION_KEY')), secrets: given(read('INTEGRATION_ENCRYPTION_SECRET')) }
}

const baseUrlVariables = {
  openai: 'OPENAI_BASE_URL',
  anthropic: 'ANTHROPIC_BASE_URL',
  openrouter: 'OPENROUTER_BASE_URL',
  xai: 'XAI_BASE_URL',
  google: 'GEMINI_BASE_URL',
  gateway: 'AI_GATEWAY_URL',
} as const satisfies Partial<Record<KnownProviderId, Name>>

function readProviders(read: Read): ProviderSettings {
  const given = Object.entries(baseUrlVariables).map(([id, name]) => [id, read(name)] as const)
  const baseUrls = Object.fromEntries(given.filter((entry): entry is [string, string] => entry[1] !== undefined))
  return Object.freeze({ baseUrls, added: Object.fromEntries(read('KEYLOFT_PROVIDERS') ?? []) })
}

function readMockProvider(read: Read, database: Config['database'], faults: string[]): boolean {
  const isOn = read('KEYLOFT_MOCK_PROVIDER') === '1'
  if (isOn && database.kind === 'external') {
    faults.push('KEYLOFT_MOCK_PROVIDER=1 is for trying things out, with the embedded database. Leave it out where DATABASE_URL is set.')
  }
  return isOn
}

const serverKeyVariables = {
  openai: 'OPENAI_API_KEY',
  openrouter: 'OPENROUTER_API_KEY',
  anthropic: 'ANTHROPIC_API_KEY',
  xai: 'XAI_API_KEY',
  google: 'GEMINI_API_KEY',
  gateway: 'AI_GATEWAY_API_KEY',
} as const satisfies Partial<Record<KnownProviderId, Name>>

function readResolver(read: Read): ResolverSettings {
  const given = Object.entries(serverKeyVariables).map(([id, name]) => [id, read(name)] as const)
  const serverKeys = Object.fromEntries(given.filter((entry): entry is [string, Hidden] => entry[1] !== undefined))
  return Object.freeze({ order: Object.freeze(read('KEYLOFT_RESOLVE_ORDER') ?? usualOrder), serverKeys: Object.freeze(serverKeys) })
}

function readOrigins(read: Read) {
  return { publicUrl: read('PUBLIC_URL'), corsOrigins: Object.freeze(read('CORS_ORIGINS') ?? []), trustedProxies: read('TRUST_PROXY') }
}

function readMail(read: Read, given: Record<string, string>, faults: string[]): Resend | undefined {
  const [apiKey, from, baseUrl] = [read('RESEND_API_KEY'), read('MAIL_FROM'), read('RESEND_BASE_URL')]
  const absent = (['RESEND_API_KEY', 'MAIL_FROM'] as const).filter((name) => given[name] === undefined)
  if (absent.length === 1) faults.push(`${absent.join()} must be set too: mails need both. ${absent.map(exampleOf).join()}`)
  return apiKey === undefined || from === undefined
    ? undefined
    : Object.freeze({ apiKey, from, baseUrl: baseUrl ?? 'https://api.resend.com' })
}

function readIssuer(
  read: Read,
  given: Record<string, string>,
  faults: string[],
  publicUrl: string | undefined,
): Config['auth']['externalIssuer'] {
  const [jwksUrl, issuer, audience] = [read('AUTH_JWKS_URL'), read('AUTH_ISSUER'), read('AUTH_AUDIENCE')]
  const absent = issuerVariables.filter((name) => given[name] === undefined)
  if (absent.length === issuerVariables.length) return undefined
  if (absent.length > 0) {
    faults.push(`${absent.join(' and ')} must be set too: an issuer is trusted by all three. ${absent.map(exampleOf).join(' ')}`)
  }
  // Its keys and ours would be told apart by nothing.
  if (issuer !== undefined && issuer === publicUrl)
    faults.push(`AUTH_ISSUER is this server itself (PUBLIC_URL). ${exampleOf('AUTH_ISSUER')}`)
  return jwksUrl === undefined || issuer === undefined || audience === undefined ? undefined : Object.freeze({ jwksUrl, issuer, audience })
}

function readSignInWith(read: Read, given: Record<string, string>, faults: string[]): OtherProviders {
  const together = <K extends Name>(names: readonly K[]) => {
    const values = names.map((name) => read(name))
    const absent = names.filter((name) => given[name] === undefined)
    if (absent.length > 0 && absent.length < names.length)
      faults.push(
        `${absent.join(' and ')} must be set too, beside ${names.filter((name) => !absent.includes(name)).join(' and ')}. ${absent.map(exampleOf).join(' ')}`,
      )
    return values.every((value) => value !== undefined) ? (values as string[]) : undefined
  }
  const client = (id: Name, secret: Name) => {
    const [clientId = '', clientSecret = ''] = together([id, secret]) ?? []
    return clientSecret ? Object.freeze({ clientId, clientSecret }) : undefined
  }
  const [issuer = '', clientId = '', clientSecret = ''] = together(['OIDC_ISSUER', 'OIDC_CLIENT_ID', 'OIDC_CLIENT_SECRET']) ?? []
  return Object.freeze({
    github: client('GITHUB_CLIENT_ID', 'GITHUB_CLIENT_SECRET'),
    google: client('GOOGLE_CLIENT_ID', 'GOOGLE_CLIENT_SECRET'),
    vercel: client('VERCEL_CLIENT_ID', 'VERCEL_CLIENT_SECRET'),
    oidc: issuer ? Object.freeze({ issuer, clientId, clientSecret, name: read('OIDC_NAME') ?? 'OpenID Connect' }) : undefined,
  })
}

function readEgress(read: Read, given: Record<string, string>, folder: string, faults: string[]): Config['egress'] {
  const [ports, networks, names] = [
    read('KEYLOFT_EGRESS_ALLOW_PORTS'),
    read('KEYLOFT_EGRESS_ALLOW_NETWORKS'),
    read('KEYLOFT_EGRESS_ALLOW_NAMES'),
  ]
  const plainHttp = read('KEYLOFT_EGRESS_ALLOW_HTTP') === '1'
  const allow = { plainHttp, ...(ports ? { ports } : {}), ...(networks ? { networks } : {}), ...(names ? { names } : {}) }
  const file = given.KEYLOFT_EGRESS_CA_FILE
  if (file === undefined) return { allow }
  const example = 'Example: KEYLOFT_EGRESS_CA_FILE=/etc/ssl/our-authority.pem'
  try {
    const certificateAuthorities = readFileSync(resolve(folder, file), 'utf8')
    const certificates = certificateAuthorities.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? ['none']
    for (const one of certificates) new X509Certificate(one) // throws
    return { allow, certificateAuthorities }
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    const fault = /^E[A-Z]+$/.test(code) ? `that cannot be read (${code})` : 'without certificates in PEM form'
    faults.push(`KEYLOFT_EGRESS_CA_FILE names a file ${fault}. ${example}`)
    return { allow }
  }
}

/** The standard variables. Without an endpoint the others, which a platform may set everywhere, mean nothing. */
function readTracing(read: Read, given: Record<string, string>): TracingSettings | undefined {
  const isOwn = given.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT !== undefined
  const endpoint = read(isOwn ? 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT' : 'OTEL_EXPORTER_OTLP_ENDPOINT')
  if (endpoint === undefined) return undefined
  const protocol = read('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') ?? read('OTEL_EXPORTER_OTLP_PROTOCOL')
  return Object.freeze({
    url: isOwn ? endpoint : `${endpoint.replace(/\/+$/, '')}/v1/traces`,
    format: protocol === 'http/json' ? 'json' : 'protobuf',
    headers: Object.freeze({ ...read('OTEL_EXPORTER_OTLP_HEADERS'), ...read('OTEL_EXPORTER_OTLP_TRACES_HEADERS') }),
    serviceName: read('OTEL_SERVICE_NAME') ?? 'keyloft',
  })
}

function exampleOf(name: Name): string {
  return `Example: ${name}=${variables[name].example}`
}

function readKeyring(given: Record<string, string>, folder: string, faults: string[], required: boolean): Keyring | undefined {
  const { KEYLOFT_ROOT_KEYS: inline, KEYLOFT_ROOT_KEYS_FILE: file } = given
  const inlineExample = `Example: KEYLOFT_ROOT_KEYS=${rootKeyExample}`
  if (inline !== undefined && file !== undefined) {
    faults.push(`KEYLOFT_ROOT_KEYS and KEYLOFT_ROOT_KEYS_FILE are both set; set one of them. ${inlineExample}`)
    return undefined
  }
  const source = file === undefined ? 'KEYLOFT_ROOT_KEYS' : 'KEYLOFT_ROOT_KEYS_FILE'
  let text = inline
  if (file !== undefined) {
    try {
      text = readFileSync(resolve(folder, file), 'utf8')
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      faults.push(
        `KEYLOFT_ROOT_KEYS_FILE names a file that cannot be read (${code}). Example: KEYLOFT_ROOT_KEYS_FILE=/run/secrets/root-keys`,
      )
      return undefined
    }
  }
  if (text === undefined) {
    if (required) faults.push(`KEYLOFT_ROOT_KEYS is missing; with a database of your own it has no default. ${inlineExample}`)
    return undefined
  }
  try {
    return parseKeyring(text)
  } catch (error) {
    faults.push(`${source} ${(error as Error).message}. ${inlineExample}`)
    return undefined
  }
}
