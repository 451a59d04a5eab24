import Fastify, { type FastifyInstance } from 'fastify'
import { SignJWT } from 'jose'
import { sql } from 'kysely'
import { afterAll } from 'vitest'
import { AppError } from '../src/base/errors.ts'
import { createIdentity, type Identity, type IdentitySettings } from '../src/domains/identity/identity.ts'
import { makeToken, type NewToken } from '../src/domains/tokens/token-format.ts'
import { createTokens } from '../src/domains/tokens/tokens.ts'
import type { Mail } from '../src/platform/mail/mailer.ts'
import { createSecrets, type SealedSecret } from '../src/platform/secrets/secrets.ts'
import { deaf } from '../src/platform/signals/signals.ts'
import { createTestDatabase, type TestDatabase } from './harness.ts'

export const jwtSecret = 'dGhpcyBpcyBmb3IgdGhl-dGVzdHMgYWxvbmUgYW5kIG5vYm9keSBlbHNl'
export const publicUrl = 'http://localhost:8787'

const settings: IdentitySettings = {
  publicUrl,
  corsOrigins: ['https://app.example.com'],
  jwtSecret,
  externalIssuer: undefined,
  signInWith: {},
}

/** What a person has after signing up. */
interface SignedUp {
  id: string
  email: string
  /** `name=value`, as a browser sends it back. */
  cookie: string
  /** What the bearer plugin hands out. */
  bearer: string
}

export interface TestIdentity extends TestDatabase {
  identity: Identity
  app: FastifyInstance
  clock: { now: number }
  /** Texts and parameters of every query that the login keyloft_auth or keyloft_service was sent. */
  sent: { text: string; values: unknown[] }[]
  problems: string[]
  mails: Mail[]
  signUp(email?: string): Promise<SignedUp>
  /** As this server marks them, and kept nowhere. */
  makeToken(publicId?: string): NewToken
  issueToken(userId: string, columns?: Record<string, unknown>): Promise<{ token: string; publicId: string }>
  another(changed?: Partial<IdentitySettings>, fetchJson?: (url: string) => Promise<unknown>): Identity
}

let people = 0

export async function createTestIdentity(
  changed: Partial<IdentitySettings> = {},
  fetchJson: (url: string) => Promise<unknown> = refuseToFetch,
): Promise<TestIdentity> {
  const test = await createTestDatabase()
  const clock = { now: Date.now() }
  const problems: string[] = []
  const mails: Mail[] = []
  const sent = watch(test)
  const another = (more: Partial<IdentitySettings> = {}, fetch: (url: string) => Promise<unknown> = fetchJson) =>
    createIdentity({
      database: test.database,
      tokens: createTokens({ database: test.database, clock: () => clock.now }),
      signals: deaf,
      keyring: test.keyring,
      secrets: createSecrets({ database: test.database, keyring: test.keyring, clock: () => clock.now }),
      settings: { ...settings, ...changed, ...more },
      clock: () => clock.now,
      sendMail: (mail) => mails.push(mail),
      fetchJson: fetch,
      onProblem: (message) => problems.push(message),
    })
  const identity = another()
  const app = Fastify()
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof AppError) return reply.code(error.status).type('application/problem+json').send({ code: error.code })
    throw error
  })
  await identity.mount(app)
  const makeMarked = await markTokens(test)
  afterAll(() => app.close())

  return {
    ...test,
    identity,
    app,
    clock,
    sent,
    problems,
    mails,
    another,
    makeToken: makeMarked,
    async signUp(email = `person${++people}@example.com`) {
      const reply = await app.inject({
        method: 'POST',
        url: '/api/auth/sign-up/email',
        headers: { origin: publicUrl },
        payload: { email, password: 'correct horse battery', name: 'A person' },
      })
      if (reply.statusCode !== 200) throw new Error(`sign-up: ${reply.statusCode} ${reply.body}`)
      const [set = ''] = [reply.headers['set-cookie'] ?? []].flat()
      return { id: reply.json().user.id, email, cookie: set.split(';')[0] ?? '', bearer: String(reply.headers['set-auth-token']) }
    },
    async issueToken(userId, columns = {}) {
      const { token, publicId, secretHash, prefix } = makeMarked()
      const row = { user_id: userId, name: 'test', public_id: publicId, secret_hash: secretHash, token_prefix: prefix, ...columns }
      await test.owner.db.insertInto('api_tokens').values(row).execute()
      return { token, publicId }
    },
  }
}

/** The private half of the newest key that signs JWTs. */
export async function openSigningKey({ owner, database, keyring }: TestDatabase): Promise<Record<string, unknown>> {
  const { rows } =
    await sql<SealedSecret>`select s.* from keyloft.secrets s join auth.jwks k on k.private_key = s.id::text order by k.created_at desc`.execute(
      owner.db,
    )
  const [row] = rows
  if (!row) throw new Error('there is none')
  const secrets = createSecrets({ database, keyring, clock: Date.now })
  return JSON.parse(await secrets.open(row, { userId: null, kind: 'signing key', provider: row.provider }))
}

/** Makes tokens as the server of this database would. */
export async function markTokens({ owner }: TestDatabase): Promise<(publicId?: string) => NewToken> {
  const { rows } = await sql<{ key: Buffer }>`select key from keyloft.token_marks`.execute(owner.db)
  const key = rows[0]?.key ?? Buffer.alloc(0)
  return (publicId) => makeToken(key, publicId)
}

async function refuseToFetch(): Promise<never> {
  throw new Error('this test fetches nothing')
}

interface Wire {
  query(text: string): void
  parse(statement: { text: string; name?: string }): void
  bind(values: { statement?: string; values?: unknown[] }): void
}

/** Listens in on the wire, which no way of asking goes around. */
function watch({ database }: TestDatabase): TestIdentity['sent'] {
  const sent: TestIdentity['sent'] = []
  for (const pool of [database.pools.auth, database.pools.service]) {
    pool.on('connect', (client) => {
      const wire = (client as unknown as { connection: Wire }).connection
      const { query, parse, bind } = wire
      const texts = new Map<string, string>()
      wire.query = (text) => {
        sent.push({ text, values: [] })
        query.call(wire, text)
      }
      wire.parse = (statement) => {
        texts.set(statement.name ?? '', statement.text)
        parse.call(wire, statement)
      }
      wire.bind = (bound) => {
        sent.push({ text: texts.get(bound.statement ?? '') ?? '', values: bound.values ?? [] })
        bind.call(wire, bound)
      }
    })
  }
  return sent
}

export interface Signing {
  secret?: string
  expiresIn?: number
  issuedAt?: number
}

/** As Supabase signs. `expiresIn` in seconds. */
export function projectJwt(
  claims: Record<string, unknown>,
  { secret = jwtSecret, expiresIn = 3_600, issuedAt = Date.now() }: Signing = {},
) {
  const now = Math.floor(issuedAt / 1_000)
  return new SignJWT({ iat: now, exp: now + expiresIn, ...claims })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .sign(Buffer.from(secret))
}

export async function countUsers({ owner }: TestDatabase): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*)::int as count from auth.users`.execute(owner.db)
  return rows[0]?.count ?? 0
}
