import { isIP } from 'node:net'
import { z } from 'zod'
import { Hidden } from './base/hidden.ts'
import type { CallBound } from './domains/gateway/bounds.ts'
import { isStrongJwtSecret } from './domains/identity/jwt-secret.ts'
import { takenProviderNames } from './domains/providers/providers.ts'
import { type Source, sources, usualOrder } from './domains/resolver/sources.ts'

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

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
/** The price is behind the last equals sign: names of models may have one. */
const readCallBound = (text: string): CallBound | undefined => {
  const [, provider, model, tokens, costUsd] =
    /^([a-z0-9][a-z0-9_-]{0,49})\/(.{1,200})=(\d{1,12}):(\d{1,9}(?:\.\d{1,30})?)$/.exec(text) ?? []
  return provider && model && tokens && costUsd ? { provider, model, tokens: Number(tokens), costUsd } : undefined
}

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

export const variables = {
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
  KEYLOFT_CALL_BOUNDS: variable(
    aList(
      z
        .string()
        .transform(readCallBound)
        .pipe(z.custom<CallBound>((bound) => bound !== undefined)),
    ),
    'a list of provider/model=tokens:usd, the model with a * at its end for all whose names begin so',
    'gateway/openai/*=200000:2.50',
  ),
  MAX_MESSAGES_PER_DAY: variable(integer(0, 1_000_000), 'a whole number', '20'),
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

export type Name = keyof typeof variables
export type Value<K extends Name> = z.output<(typeof variables)[K]['schema']>
