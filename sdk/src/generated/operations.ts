// DO NOT EDIT. Made from the OpenAPI document by `npm run generate`; a test checks that it is fresh.

export type ApiToken = {
  id: string
  name: string
  /** How it begins, to recognise it by. */
  prefix: string
  scopes: Array<'calls' | 'read' | 'account'>
  /** The only models it may call; null for all. */
  models: Array<string> | null
  expiresAt: string | null
  /** To the minute. */
  lastUsedAt: string | null
  /** Set where somebody presented it as leaked. */
  revokedAt: string | null
  createdAt: string
}

export type Model = {
  provider: string
  model: string
  name: string
  description: string | null
  modality: string
  contextLength: number | null
  maxTokens: number | null
  vision: boolean
  webSearch: boolean
  tools: boolean
  /** Recommended by whoever runs this server. */
  isCurated: boolean
  /** In force now. Empty: its calls are unpriced. */
  prices: Array<{
    /** The rates of calls with at least so many input tokens. */
    fromInputTokens: number
    /** USD for a million tokens, as are all but the last two. */
    input: string | null
    cachedInput: string | null
    cacheWrite5m: string | null
    cacheWrite1h: string | null
    audioInput: string | null
    output: string | null
    reasoning: string | null
    audioOutput: string | null
    /** USD for one. */
    image: string | null
    /** USD for one. */
    request: string | null
  }>
  pricedFrom: string | null
}

/** Every route of the server, by method and path. */
export interface Operations {
  /** Take an API token back, and forget it. For a signed-in person, or an API token with the scope `account`. */
  'DELETE /api/tokens/{id}': {
    params: {
      id: string
    }
    reply: undefined
  }
  /** The models that can be called, with their prices. For a signed-in person, or an API token with the scope `read`. */
  'GET /api/models': {
    query?: {
      limit?: number | undefined
      cursor?: string | undefined
      provider?: string | undefined
      search?: string | undefined
    }
    reply: {
      items: Array<Model>
      /** Null on the last page. */
      nextCursor: string | null
    }
  }
  /** Your API tokens. For a signed-in person, or an API token with the scope `read`. */
  'GET /api/tokens': {
    query?: {
      limit?: number | undefined
      cursor?: string | undefined
    }
    reply: {
      items: Array<ApiToken>
      /** Null on the last page. */
      nextCursor: string | null
    }
  }
  /** Whether the process is alive. For anyone. */
  'GET /health': {
    reply: {
      status: 'ok'
    }
  }
  /** Metrics in Prometheus’s text form. For the service key, or anybody on the server’s own machine. */
  'GET /metrics': {
    reply: string
  }
  /** Whether the process may be sent requests: database, migrations, keyring. For anyone. */
  'GET /ready': {
    reply: {
      status: 'ready'
    }
  }
  /** The models that can be called, as OpenAI lists its own. For a signed-in person, or an API token with the scope `calls`. */
  'GET /v1/models': {
    reply: {
      object: 'list'
      data: Array<{
        id: string
        object: 'model'
        created: number
        owned_by: string
      }>
    }
  }
  /** Make an API token; it is shown this once. For a signed-in person, or an API token with the scope `account`. */
  'POST /api/tokens': {
    body: {
      name: string
      scopes?: Array<'calls' | 'read' | 'account'> | undefined
      models?: Array<string> | null | undefined
      expiresAt?: string | null | undefined
    }
    reply: {
      id: string
      name: string
      /** How it begins, to recognise it by. */
      prefix: string
      scopes: Array<'calls' | 'read' | 'account'>
      /** The only models it may call; null for all. */
      models: Array<string> | null
      expiresAt: string | null
      /** To the minute. */
      lastUsedAt: string | null
      /** Set where somebody presented it as leaked. */
      revokedAt: string | null
      createdAt: string
      /** Keep it now: it is shown once and kept nowhere. */
      token: string
    }
    idempotent: true
  }
  /** End a leaked API token by presenting it. Answers the same however often. An invented token costs the database nothing, so there is no limit. For anyone. */
  'POST /api/tokens/revoke': {
    body: {
      token: string
    }
    reply: undefined
  }
}
