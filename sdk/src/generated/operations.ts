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

/** Every route of the server, by method and path. */
export interface Operations {
  /** Take an API token back, and forget it. For a signed-in person, or an API token with the scope `account`. */
  'DELETE /api/tokens/{id}': {
    params: {
      id: string
    }
    reply: undefined
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
