/** What can be spoken with a provider: calls of one kind, or of a family beneath one path. */
export const protocols = [
  'chat.completions',
  'responses',
  'completions',
  'embeddings',
  'moderations',
  'images.generations',
  'images.edits',
  'images.variations',
  'audio.speech',
  'audio.transcriptions',
  'audio.translations',
  'files',
  'batches',
  'messages',
  'messages.count_tokens',
  'gemini.models',
] as const
export type Protocol = (typeof protocols)[number]

/** A provider as data. Its id is bound into every key sealed for it and never changes. */
export interface Provider {
  readonly id: string
  readonly name: string
  /** Other names it is known by, on input. */
  readonly aliases?: readonly string[]
  /** In the form its official SDK reads: OpenAI's with /v1, Anthropic's without. Absent: its keys are stored and called by nobody here. */
  readonly baseUrl?: string
  /** A machine of the operator's own: people may make calls to a model there, and nothing else. */
  readonly isPrivate?: boolean
  readonly auth: 'bearer' | 'x-api-key' | 'x-goog-api-key'
  /** Sent with every request of ours to it. */
  readonly headers?: Readonly<Record<string, string>>
  /** What is spoken with it, and where beneath the base URL. */
  readonly paths?: Readonly<Partial<Record<Protocol, string>>>
  /**
   * What becomes of a stream whose client has left: ended and estimated (unless said), read to its end where it would be
   * charged whole, or ended without a charge.
   */
  readonly whenClientLeaves?: 'estimate' | 'drain' | 'void'
  /** False for one that takes no `stream_options`. */
  readonly takesUsageWish?: boolean
  /** A request beneath the base URL that costs nothing and succeeds with a good key alone. */
  readonly verifyPath?: string
  /** Where a person gets a key. */
  readonly keysAt?: string
}

/** As OpenAI has them, and whatever imitates all of it. */
export const openAiPaths = {
  'chat.completions': '/chat/completions',
  responses: '/responses',
  completions: '/completions',
  embeddings: '/embeddings',
  moderations: '/moderations',
  'images.generations': '/images/generations',
  'images.edits': '/images/edits',
  'images.variations': '/images/variations',
  'audio.speech': '/audio/speech',
  'audio.transcriptions': '/audio/transcriptions',
  'audio.translations': '/audio/translations',
  files: '/files',
  batches: '/batches',
} as const satisfies Provider['paths']

/** As those have them who sell everybody's models. */
export const resellerPaths = {
  'chat.completions': '/chat/completions',
  responses: '/responses',
  completions: '/completions',
  embeddings: '/embeddings',
  messages: '/messages',
} as const satisfies Provider['paths']

/** OpenAI's protocols carry the key as OpenAI does, whoever speaks them. */
export function authFor({ auth }: Pick<Provider, 'auth'>, protocol: Protocol | undefined): Pick<Provider, 'auth'> {
  return { auth: protocol !== undefined && protocol in openAiPaths ? 'bearer' : auth }
}

export function authHeader({ auth }: Pick<Provider, 'auth'>, key: string): Record<string, string> {
  return auth === 'bearer' ? { authorization: `Bearer ${key}` } : { [auth]: key }
}
