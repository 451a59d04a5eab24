import { betterAuth } from 'better-auth'
import { APIError } from 'better-auth/api'
import { bearer, jwt, openAPI, username } from 'better-auth/plugins'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import type { Clock } from '../../base/clock.ts'
import type { Mail } from '../../platform/mail/mailer.ts'
import { createAnonymous } from './anonymous.ts'
import { resetMail, verificationMail } from './mails.ts'
import { createOAuthTokens, type OAuthTokensOptions } from './oauth-tokens.ts'
import { createOidcProvider, type FetchJson } from './oidc.ts'
import { createPasswords } from './passwords.ts'
import { listProviders, type OtherProviders, offer, requireOwnAddress, wellKnown } from './providers.ts'
import { addressHeader, basePath, cookiePrefix } from './sign-in-address.ts'
import { type createSigningKeys, graceSeconds, rotationSeconds } from './signing-keys.ts'
import { isFreeToTake } from './usernames.ts'
import { audience } from './verify-jwt.ts'

export interface SignInOptions {
  /** Whose login and address it connects with, over a few connections of its own. */
  pool: pg.Pool
  publicUrl: string
  secret: string
  trustedOrigins: readonly string[]
  isSecure: boolean
  signingKeys: ReturnType<typeof createSigningKeys>
  /** Nobody signs in to an account that is disabled or deactivated. */
  isClosed: (userId: string) => Promise<boolean>
  sendMail: (mail: Mail) => void
  providers: OtherProviders
  database: OAuthTokensOptions['database']
  secrets: OAuthTokensOptions['secrets']
  /** Through the one door out. */
  fetchJson: FetchJson
  clock: Clock
  move: (from: string, to: string) => Promise<unknown>
  onSessionEnded: (token: string) => void
  onProblem: (message: string) => void
}

/**
 * A sign-up holds its connection while the password is hashed; over the common pool, a burst of them would keep
 * everybody's sessions from being checked.
 */
const connections = 4
/** Longer than elsewhere: behind a burst of sign-ups a person waits for hashes, not for a database that is away. */
const waitMs = 15_000
const linkSeconds = 3_600

export interface SignIn {
  auth: ReturnType<typeof buildAuth>
  end(): Promise<void>
}

/** Reads its tables when built, so it is built on first use: then the migrations have run. */
export function createSignIn(options: SignInOptions): SignIn {
  const pool = new pg.Pool({ ...options.pool.options, max: connections, pipeline: false, connectionTimeoutMillis: waitMs })
  pool.on('error', () => {}) // an idle connection broke; the pool has dropped it already
  pool.on('connect', (client) => client.on('error', () => {})) // the query under way reports it
  return { auth: buildAuth(pool, options), end: () => pool.end() }
}

function buildAuth(pool: pg.Pool, options: SignInOptions) {
  const { publicUrl, secret, signingKeys, providers } = options
  const oauthTokens = createOAuthTokens(options)
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) }).withSchema('auth')
  const dates = { createdAt: 'created_at', updatedAt: 'updated_at' }
  return betterAuth({
    appName: 'Keyloft',
    baseURL: publicUrl,
    basePath,
    // As a list, because a BETTER_AUTH_SECRETS in the environment would otherwise take its place.
    secrets: [{ version: 1, value: secret }],
    trustedOrigins: [...options.trustedOrigins],
    database: { db, type: 'postgres', transaction: true }, // half an account would keep its address for ever
    user: { modelName: 'users', fields: { emailVerified: 'email_verified', ...dates }, validateUserInfo: requireOwnAddress },
    session: {
      modelName: 'sessions',
      fields: { userId: 'user_id', expiresAt: 'expires_at', ipAddress: 'ip_address', userAgent: 'user_agent', ...dates },
      expiresIn: 7 * 24 * 3_600,
      updateAge: 24 * 3_600,
    },
    account: {
      modelName: 'accounts',
      fields: {
        userId: 'user_id',
        providerId: 'provider_id',
        accountId: 'account_id',
        accessToken: 'access_token',
        refreshToken: 'refresh_token',
        idToken: 'id_token',
        accessTokenExpiresAt: 'access_token_expires_at',
        refreshTokenExpiresAt: 'refresh_token_expires_at',
        ...dates,
      },
    },
    verification: {
      modelName: 'verifications',
      storeIdentifier: 'hashed', // so that a row cannot be used as the link it was made for
      fields: { expiresAt: 'expires_at', ...dates },
    },
    emailAndPassword: {
      enabled: true,
      minPasswordLength: 8,
      maxPasswordLength: 128,
      password: createPasswords(),
      resetPasswordTokenExpiresIn: linkSeconds,
      revokeSessionsOnPasswordReset: true, // whoever had the old one is out
      sendResetPassword: async ({ user, url }) => options.sendMail(resetMail(user.email, url)),
    },
    emailVerification: {
      sendOnSignUp: true,
      expiresIn: linkSeconds,
      sendVerificationEmail: async ({ user, url }) => options.sendMail(verificationMail(user.email, url)),
    },
    socialProviders: wellKnown(providers),
    plugins: [
      username({ usernameValidator: isFreeToTake, schema: { user: { fields: { displayUsername: 'display_username' } } } }),
      bearer({ requireSignature: true }), // so that what a row of auth.sessions holds signs nobody in
      jwt({
        jwks: { disablePrivateKeyEncryption: true, rotationInterval: rotationSeconds, gracePeriod: graceSeconds }, // sealed by our storage instead
        jwt: {
          issuer: publicUrl,
          audience,
          expirationTime: '15m',
          definePayload: ({ user }) => ({ role: 'authenticated', email: user.email, is_anonymous: user.isAnonymous === true }),
        },
        adapter: signingKeys.storage,
        disableSettingJwtHeader: true,
      }),
      ...createAnonymous(options),
      oauthTokens.plugin,
      listProviders(providers),
      ...(providers.oidc ? [offer(createOidcProvider(providers.oidc, options))] : []),
      openAPI({ disableDefaultReference: true }),
    ],
    disabledPaths: ['/open-api/generate-schema', '/reference', '/delete-anonymous-user'], // ours merges the document, and closes accounts
    databaseHooks: {
      account: oauthTokens.hooks,
      session: {
        create: {
          before: async ({ userId }) => {
            if (await options.isClosed(userId))
              throw new APIError('FORBIDDEN', { code: 'ACCOUNT_CLOSED', message: 'This account is closed.' })
          },
        },
        delete: {
          after: async ({ token }) => options.onSessionEnded(token),
        },
      },
    },
    advanced: {
      database: { generateId: 'uuid', validateSchema: false }, // our migrations' tests do, and a mismatch would be remembered for good
      useSecureCookies: options.isSecure,
      cookiePrefix,
      defaultCookieAttributes: { httpOnly: true, sameSite: 'lax', secure: options.isSecure, path: '/' },
      // Said aloud, because both are off by default where NODE_ENV is "test".
      disableCSRFCheck: false,
      disableOriginCheck: false,
      ipAddress: { ipAddressHeaders: [addressHeader] },
    },
    rateLimit: { enabled: false }, // platform/http counts across processes; this one would forget at a restart
    telemetry: { enabled: false },
    onAPIError: { throw: true }, // to the server's own error handler; it would print the error, rows and addresses included
    logger: { level: 'error', log: (_level, message) => options.onProblem(message) }, // never its arguments: they hold addresses and rows
  })
}
