/** The roles a request can act in; rights are the database's to give (docs/guides/security.md). */
export type Role = 'anon' | 'authenticated' | 'service_role'

/** What an API token may be used for: model calls, reading what the person has, changing the account. */
export const scopes = ['calls', 'read', 'account'] as const
export type Scope = (typeof scopes)[number]

/** Who acts, as a credential proved it. Only what verifies credentials makes one for a request. */
export interface Principal {
  readonly role: Role
  /** What policies read through auth.uid() and auth.jwt(). Always carries the role. */
  readonly claims: Readonly<Record<string, unknown> & { role: Role; sub?: string }>
  /** Absent: everything the role may. */
  readonly scopes?: readonly Scope[]
  /** Absent: every model. */
  readonly models?: readonly string[]
  /** The API token it came by, if it was one. */
  readonly tokenId?: string
  /** May do what an operator does over HTTP. Never by an API token. */
  readonly isAdmin?: true
  /** When that token ends; absent: never. */
  readonly endsAtMs?: number
}

export const anonymous: Principal = Object.freeze({ role: 'anon', claims: Object.freeze({ role: 'anon' }) })

export function userPrincipal(userId: string, claims: Record<string, unknown> = {}): Principal {
  return { role: 'authenticated', claims: { ...claims, sub: userId, role: 'authenticated' } }
}
