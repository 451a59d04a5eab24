import { KeyloftError } from './keyloft-error.ts'

export interface SignInOptions {
  /** Where the server is reached. A path in it is kept. */
  url: string
  /** Sends the requests; the platform’s own unless given. It must keep cookies, as a browser does. */
  fetch?: typeof fetch | undefined
}

export interface SignedInPerson {
  id: string
  email: string
  name: string
  emailVerified: boolean
  isAnonymous?: boolean | null
}

export interface BrowserSession {
  id: string
  /** Ends this session with `endSession`. It signs nobody in. */
  token: string
  createdAt: string
  updatedAt: string
  expiresAt: string
  ipAddress?: string | null
  userAgent?: string | null
}

export interface LinkedAccount {
  id: string
  providerId: string
  accountId: string
  createdAt: string
}

interface Present {
  user: SignedInPerson
  session: BrowserSession
}

/** Where a visit to another provider leads back to: pages of this server, or of its `CORS_ORIGINS`. */
interface Elsewhere {
  provider: string
  callbackURL: string
  errorCallbackURL?: string
}

/**
 * Signing in from a browser, which then keeps the session in a cookie that no script can read. The routes are
 * better-auth’s; where it refuses, a `KeyloftError` is thrown whose code is its own in small letters, such as
 * `auth.invalid_email_or_password`.
 *
 * ```ts
 * const signIn = createSignIn({ url: location.origin })
 * await signIn.withPassword({ email: 'ada@example.com', password: 'correct horse battery' })
 * ```
 */
export function createSignIn({ url, fetch = globalThis.fetch }: SignInOptions) {
  const base = `${url.replace(/\/+$/, '')}/api/auth`
  const send = async <Reply>(path: string, body?: object, signal?: AbortSignal): Promise<Reply> => {
    const response = await fetch(base + path, {
      method: body ? 'POST' : 'GET',
      headers: { accept: 'application/json', ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
      ...(signal ? { signal } : {}),
      redirect: 'error',
    })
    const text = await response.text()
    if (!response.ok) throw asKeyloftError(response, text)
    try {
      return JSON.parse(text === '' ? 'null' : text) as Reply
    } catch {
      throw new KeyloftError(response, text)
    }
  }

  return {
    /** Who is signed in; null for nobody. */
    present: (signal?: AbortSignal) => send<Present | null>('/get-session', undefined, signal),
    signUp: (account: { email: string; password: string; name: string }) => send<unknown>('/sign-up/email', account),
    withPassword: (account: { email: string; password: string }) => send<unknown>('/sign-in/email', account),
    /** What is made then is kept by whoever signs up or in from the same browser. */
    anonymously: () => send<unknown>('/sign-in/anonymous', {}),
    signOut: () => send<unknown>('/sign-out', {}),
    providers: () => send<{ items: { id: string; name: string }[] }>('/providers'),
    /** Answers with the address to send the visitor to. */
    elsewhere: (visit: Elsewhere) => send<{ url: string }>('/sign-in/social', { ...visit, disableRedirect: true }),
    link: (visit: Elsewhere) => send<{ url: string }>('/link-social', { ...visit, disableRedirect: true }),
    unlink: (account: { providerId: string; accountId?: string }) => send<unknown>('/unlink-account', account),
    accounts: () => send<LinkedAccount[]>('/list-accounts'),
    sessions: () => send<BrowserSession[]>('/list-sessions'),
    endSession: (token: string) => send<unknown>('/revoke-session', { token }),
    endOtherSessions: () => send<unknown>('/revoke-other-sessions', {}),
    sendVerification: (mail: { email: string; callbackURL: string }) => send<unknown>('/send-verification-email', mail),
    requestPasswordReset: (mail: { email: string; redirectTo: string }) => send<unknown>('/request-password-reset', mail),
    resetPassword: (reset: { token: string; newPassword: string }) => send<unknown>('/reset-password', reset),
    changePassword: (change: { currentPassword: string; newPassword: string }) =>
      send<unknown>('/change-password', { ...change, revokeOtherSessions: true }),
  }
}

export type SignIn = ReturnType<typeof createSignIn>

/** better-auth says `{ code, message }`; the server around it says a problem, as everywhere. */
function asKeyloftError(response: Response, text: string): KeyloftError {
  const said = response.headers.get('content-type')?.startsWith('application/json') ? read(text) : undefined
  if (said?.code === undefined) return new KeyloftError(response, text)
  const headers = new Headers(response.headers)
  headers.set('content-type', 'application/problem+json')
  const problem = { title: said.message ?? 'Signing in was refused.', code: `auth.${said.code.toLowerCase()}` }
  return new KeyloftError(new Response(null, { status: response.status, headers }), JSON.stringify(problem))
}

function read(text: string): { code?: string; message?: string } | undefined {
  try {
    return JSON.parse(text) ?? undefined
  } catch {
    return undefined
  }
}
