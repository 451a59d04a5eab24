/** A provider as data. Its id is bound into every key sealed for it and never changes. */
export interface Provider {
  readonly id: string
  readonly name: string
  /** Other names it is known by, on input. */
  readonly aliases?: readonly string[]
  /** In the form its official SDK reads: OpenAI's with /v1, Anthropic's without. Absent: its keys are stored and called by nobody here. */
  readonly baseUrl?: string
  readonly auth: 'bearer' | 'x-api-key' | 'x-goog-api-key'
  /** Sent with every request of ours to it. */
  readonly headers?: Readonly<Record<string, string>>
  /** A request beneath the base URL that costs nothing and succeeds with a good key alone. */
  readonly verifyPath?: string
  /** Where a person gets a key. */
  readonly keysAt?: string
}

export function authHeader({ auth }: Pick<Provider, 'auth'>, key: string): Record<string, string> {
  return auth === 'bearer' ? { authorization: `Bearer ${key}` } : { [auth]: key }
}
