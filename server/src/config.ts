import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { Hidden } from './base/hidden.ts'
import { isStrongJwtSecret } from './domains/identity/jwt-secret.ts'
import type { OtherProviders } from './domains/identity/providers.ts'
import type { KnownProviderId } from './domains/providers/known-providers.ts'
import { type ProviderSettings, takenProviderNames } from './domains/providers/providers.ts'
import type { ResolverSettings } from './domains/resolver/resolver.ts'
import { type Source, sources, usualOrder } from './domains/resolver/sources.ts'
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

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
type LogLevel = (typeof logLevels)[number]

export class ConfigError extends Error {
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    super(['Keyloft cannot start with this configuration:', ...faults.map((fault) => `  - ${fault}`)].join('\n'))
    this.name = 'ConfigError'
    this.faults = faults
  }
}

interface Variable<T> {
  schema: z.ZodType<T>
  /** What a right value looks like, in words, and one that can be copied. */
  needs: string
  example: string
}

const variable = <T>(schema: z.ZodType<T>, needs: string, example: string): Variable<T> => ({ schema, needs, example })
const integer = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .refine((value) => value >= least && value <= most)

const postgresUrl = z.string().refine((text) => {
  const url = URL.parse(text)
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol) || url.hostname === '' || url.pathname.length < 2) return false
  return [url.username, url.pathname].every((part) => /^(?:[^%]|%[0-9A-Fa-f]{2})*$/.test(part))
})
const aPostgresUrl = (user: string, password: string) =>
  variable(postgresUrl, 'a PostgreSQL address with host and database', `postgresql://${user}:${password}@db.example.com:5432/app`)

/** An origin, written as browsers write it. Without TLS only on this machine: cookies and tokens pass over it. */
const readOrigin = (text: string): string | undefined => {
  const url = URL.parse(text)
  if (url === null || url.origin === 'null' || url.username !== '' || url.password !== '') return undefined
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') return undefined
  return isHttps(url) ? url.origin : undefined
}
const isHttps = ({ protocol, hostname }: URL) =>
  protocol === 'https:' || (protocol === 'http:' && /^(?:(?:[a-z0-9-]+\.)*localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname))

const anOrigin = z
  .string()
  .transform(readOrigin)
  .refine((origin) => origin !== undefined)
const anOriginList = z
  .string()
  .transform((text) => [...new Set(text.split(',').map((part) => readOrigin(part.trim())))])
  .refine((all): all is string[] => all.every((origin) => origin !== undefined))
const httpsUrl = z.string().refine((text) => {
  const url = URL.parse(text)
  return url !== null && isHttps(url) && url.username === '' && url.password === '' && url.hash === ''
})
const issuerUrl = httpsUrl.refine((text) => URL.parse(text)?.search === '')
const isNetwork = (text: string, bitsMayLack: boolean) => {
  const [address = '', bits, ...rest] = text.split('/')
  const width = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1
  if (rest.length > 0 || width < 0) return false
  return bits === undefined ? bitsMayLack : /^\d{1,3}$/.test(bits) && Number(bits) <= width
}
const aList = <T>(item: z.ZodType<T, string>) =>
  z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .pipe(z.array(item))
const anAddressList = z.string().refine((text) => text.split(',').every((part) => isNetwork(part.trim(), true)))
const aNetwork = z.string().refine((text) => !text.includes('%') && isNetwork(text, false))
const aHostName = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i)
/** Of a provider, as the operator trusts it: http too, such as a model server in their own network. */
const readBaseUrl = (text: string): string | undefined => {
  const url = URL.parse(text)
  const isPlain = url !== null && /^https?:$/.test(url.protocol) && url.username + url.password + url.search + url.hash === ''
  return isPlain ? url.href.replace(/\/+$/, '') : undefined
}
const aBaseUrl = (example: string) =>
  variable(
    z
      .string()
      .transform(readBaseUrl)
      .refine((url) => url !== undefined),
    'an address of http or https, without credentials and query',
    example,
  )
const readProvider = (part: string): [string, string] | undefined => {
  const [, id, text] = /^\s*([a-z][a-z0-9-]{0,29})=(\S+)\s*$/.exec(part) ?? []
  const url = text === undefined ? undefined : readBaseUrl(text)
  return id === undefined || url === undefined || takenProviderNames.has(id) ? undefined : [id, url]
}
const aProviderList = z
  .string()
  .transform((text) => text.split(',').map(readProvider))
  .refine(
    (all): all is [string, string][] => all.every((one) => one !== undefined) && new Set(all.map((one) => one?.[0])).size === all.length,
  )
const hexKey = variable(z.string().regex(/^[0-9a-f]{64}$/i), 'a 32-byte hex string (64 characters)', '$(openssl rand -hex 32)')
/** It goes into a header, so it must not be able to end one. */
const aProviderKey = (example: string) =>
  variable(
    z
      .string()
      .regex(/^[\x21-\x7e]{8,2048}$/)
      .transform((text) => new Hidden(text)),
    'a key of 8 to 2048 visible characters',
    example,
  )
const anOrder = z
  .string()
  .transform((text) => text.split(',').map((part) => part.trim() as Source))
  .refine((order) => order.every((one) => sources.includes(one)) && new Set(order).size === order.length)
const shortText = z.string().regex(/^[\x21-\x7e]{1,500}$/)

/** A receiver of traces often stands beside the server, without TLS. */
const aReceiver = z.string().refine((text) => {
  const url = URL.parse(text)
  return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '' && url.hash === ''
})
/** As OpenTelemetry writes them: `name=value,name=value`, values in percent form. */
const headerList = z.string().transform((text, context) => {
  const headers = text.split(',').map((part) => {
    const [, name = '', value = ''] = /^\s*([!#$&'*+.^_`|~\w-]+)\s*=\s*((?:[!-$&-~]|%[2-7][0-9A-Fa-f])*)\s*$/.exec(part) ?? []
    return [name.toLowerCase(), decodeURIComponent(value)] as const
  })
  if (headers.some(([name]) => name === '')) context.addIssue('not a list of headers')
  return Object.fromEntries(headers)
})

const variables = {
  HOST: variable(z.string().regex(/^[A-Za-z0-9.:[\]-]+$/), 'an address to listen on', '127.0.0.1'),
  PORT: variable(integer(0, 65_535), 'a port from 0 to 65535', '8787'),
  LOG_LEVEL: variable(z.enum(logLevels), `one of ${logLevels.join(', ')}`, 'info'),
  PUBLIC_URL: variable(anOrigin, 'an https address without a path (http only on this machine)', 'https://api.example.com'),
  CORS_ORIGINS: variable(
    anOriginList,
    'a list of https origins (http only on this machine)',
    'https://app.example.com,https://admin.example.com',
  ),
  TRUST_PROXY: variable(anAddressList, 'a list of addresses or networks of your proxies', '10.0.0.0/8,127.0.0.1'),
  JWT_SECRET: variable(z.string().refine(isStrongJwtSecret), 'a random secret of at least 32 bytes', '$(openssl rand -base64 48)'),
  AUTH_JWKS_URL: variable(httpsUrl, 'an https address (http only on this machine)', 'https://id.example.com/.well-known/jwks.json'),
  AUTH_ISSUER: variable(shortText, 'the issuer as its tokens name it', 'https://id.example.com'),
  AUTH_AUDIENCE: variable(shortText, 'the audience as the tokens name it', 'authenticated'),
  GITHUB_CLIENT_ID: variable(shortText, 'the client id of your GitHub OAuth app', 'Iv23liExample'),
  GITHUB_CLIENT_SECRET: variable(shortText, 'a client secret of your GitHub OAuth app', '0123456789abcdef'),
  GOOGLE_CLIENT_ID: variable(shortText, 'the client id of your Google OAuth client', '1234-abc.apps.googleusercontent.com'),
  GOOGLE_CLIENT_SECRET: variable(shortText, 'the secret of your Google OAuth client', 'GOCSPX-example'),
  VERCEL_CLIENT_ID: variable(shortText, 'the client id of your Vercel app', 'cl_example'),
  VERCEL_CLIENT_SECRET: variable(shortText, 'the secret of your Vercel app', 'example'),
  OIDC_ISSUER: variable(issuerUrl, 'an https address without a query (http only on this machine)', 'https://id.example.com'),
  OIDC_CLIENT_ID: variable(shortText, 'the client id that the issuer gave', 'keyloft'),
  OIDC_CLIENT_SECRET: variable(shortText, 'the client secret that the issuer gave', 'example'),
  OIDC_NAME: variable(z.string().trim().min(1).max(50), 'a name to show, of at most 50 characters', 'Example ID'),
  OPENAI_BASE_URL: aBaseUrl('https://eu.api.openai.com/v1'),
  ANTHROPIC_BASE_URL: aBaseUrl('https://anthropic.example.com'),
  OPENROUTER_BASE_URL: aBaseUrl('https://openrouter.ai/api/v1'),
  XAI_BASE_URL: aBaseUrl('https://eu-west-1.api.x.ai/v1'),
  GEMINI_BASE_URL: aBaseUrl('https://generativelanguage.googleapis.com'),
  AI_GATEWAY_URL: aBaseUrl('https://gateway.example.com/v1'),
  KEYLOFT_PROVIDERS: variable(
    aProviderList,
    'a list of id=address, with ids of your own in lower case',
    'groq=https://api.groq.com/openai/v1,local=http://llm.internal:8000/v1',
  ),
  ENCRYPTION_KEY: hexKey,
  API_KEY_ENCRYPTION_KEY: hexKey,
  INTEGRATION_ENCRYPTION_SECRET: variable(z.string(), 'a text', 'the secret of that time'),
  KEYLOFT_UNACCOUNTED_CALLS: variable(z.enum(['0', '1']), '0 or 1', '0'),
  KEYLOFT_MOCK_PROVIDER: variable(z.enum(['0', '1']), '0 or 1', '1'),
  OPENAI_API_KEY: aProviderKey('sk-…'),
  OPENROUTER_API_KEY: aProviderKey('sk-or-…'),
  ANTHROPIC_API_KEY: aProviderKey('sk-ant-…'),
  XAI_API_KEY: aProviderKey('xai-…'),
  GEMINI_API_KEY: aProviderKey('AIza…'),
  AI_GATEWAY_API_KEY: aProviderKey('vck_…'),
  KEYLOFT_TOKEN: variable(
    z
      .string()
      .regex(/^[\x21-\x7e]{8,4096}$/)
      .transform((text) => new Hidden(text)),
    'an API token',
    'klt_…',
  ),
  KEYLOFT_RESOLVE_ORDER: variable(anOrder, `a list of ${sources.join(', ')}, each at most once`, usualOrder.join(',')),
  KEYLOFT_DATA_DIR: variable(z.string().min(1), 'a folder', '/var/lib/keyloft'),
  KEYLOFT_MIGRATE: variable(z.enum(['0', '1']), '0 or 1', '1'),
  RESEND_API_KEY: variable(z.string().regex(/^[\x21-\x7e]{8,500}$/), 'an API key of Resend', 're_…'),
  RESEND_BASE_URL: variable(httpsUrl, 'an https address (http only on this machine)', 'https://api.resend.com'),
  MAIL_FROM: variable(
    z.string().regex(/^[^\r\n]{1,200}@[^\r\n]{1,200}$/),
    'an address, with a name or without',
    'Keyloft <no-reply@example.com>',
  ),
  KEYLOFT_ERASE_AFTER_DAYS: variable(integer(0, 3_650), 'a number of days from 0 to 3650', '30'),
  KEYLOFT_USAGE_KEEP_MONTHS: variable(integer(1, 1_200), 'a number of months from 1 to 1200', '24'),
  KEYLOFT_WORKER: variable(z.enum(['0', '1']), '0 or 1', '0'),
  KEYLOFT_EGRESS_ALLOW_PORTS: variable(aList(integer(1, 65_535)), 'a list of ports', '443,8443'),
  KEYLOFT_EGRESS_ALLOW_HTTP: variable(z.enum(['0', '1']), '0 or 1', '1'),
  KEYLOFT_EGRESS_ALLOW_NETWORKS: variable(aList(aNetwork), 'a list of networks', '10.20.0.0/16,fd12:3456::/48'),
  KEYLOFT_EGRESS_ALLOW_NAMES: variable(aList(aHostName), 'a list of full host names', 'llm.corp.internal'),
  OTEL_EXPORTER_OTLP_ENDPOINT: variable(aReceiver, 'an http or https address without a password', 'http://127.0.0.1:4318'),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: variable(
    aReceiver,
    'an http or https address without a password',
    'https://otlp.example.com/v1/traces',
  ),
  OTEL_EXPORTER_OTLP_HEADERS: variable(headerList, 'a list of name=value in percent form', 'authorization=Bearer%20…'),
  OTEL_EXPORTER_OTLP_TRACES_HEADERS: variable(headerList, 'a list of name=value in percent form', 'authorization=Bearer%20…'),
  OTEL_EXPORTER_OTLP_PROTOCOL: variable(z.enum(['http/protobuf', 'http/json']), 'http/protobuf or http/json', 'http/protobuf'),
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: variable(z.enum(['http/protobuf', 'http/json']), 'http/protobuf or http/json', 'http/protobuf'),
  OTEL_SERVICE_NAME: variable(shortText, 'a name without blanks', 'keyloft'),
  DATABASE_POOL_SIZE: variable(integer(1, 500), 'a number of connections from 1 to 500', '10'),
  DATABASE_URL: aPostgresUrl('postgres', 'secret'),
  DATABASE_DIRECT_URL: aPostgresUrl('postgres', 'secret'),
  DATABASE_USER_URL: aPostgresUrl('keyloft_user', 'secret'),
  DATABASE_SERVICE_URL: aPostgresUrl('keyloft_service', 'secret'),
  DATABASE_AUTH_URL: aPostgresUrl('keyloft_auth', 'secret'),
} satisfies Record<string, Variable<unknown>>

type Name = keyof typeof variables
type Value<K extends Name> = z.output<(typeof variables)[K]['schema']>

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
