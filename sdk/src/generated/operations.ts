// DO NOT EDIT. Made from the OpenAPI document by `npm run generate`; a test checks that it is fresh.

export type Account = {
  id: string
  email: string
  emailVerified: boolean
  username: string | null
  name: string
  isAnonymous: boolean
  tier: 'free' | 'pro'
  isAdmin: boolean
  /** Closed by an operator since. */
  disabledAt: string | null
  disabledReason: string | null
  /** Closed by the person since. */
  deactivatedAt: string | null
  /** When all they own will be deleted. */
  eraseAfter: string | null
  createdAt: string
}

export type AccountClaimInput = {
  /** The session of the anonymous account, as `set-auth-token` gave it. */
  session: string
}

export type AccountClaimed = {
  /** False where it had been moved here already. */
  moved: boolean
}

export type Alert = {
  id: string
  title: string
  state: 'ok' | 'firing' | 'unknown'
  /** Null: there is nothing to tell it from. */
  value: number | null
  /** It fires when the value is above this. */
  above: number
  unit: 'share' | 'seconds' | 'count'
  /** process: what this process saw in the last minutes. database: what is so now. */
  from: 'process' | 'database'
  detail: string
}

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

export type AuditEntry = {
  id: string
  at: string
  actor: {
    /** authenticated, service_role, operator (a command), or database. */
    role: string
    userId: string | null
    tokenId: string | null
  }
  /** Which part of the server did it for them. */
  job: string | null
  action: string
  /** Whose things were touched. */
  userId: string | null
  /** Which of them. */
  subject: string | null
  requestId: string | null
  /** Values only as keyed hashes. */
  details: { [key: string]: unknown }
}

export type DatabaseFigures = {
  serverVersion: string
  /** False: PostgreSQL hides from us what other logins do, and states are “hidden”. */
  seesEverybody: boolean
  maxConnections: number
  /** Of clients, to every database of the server. */
  connections: number
  connectionStates: Array<{
    state: string
    count: number
  }>
  waitingForLocks: number
  longestTransactionSeconds: number | null
  sizeBytes: number
  /** 0 to 1. */
  cacheHitRate: number | null
  /** 0 to 1. */
  rollbackRate: number | null
  deadlocks: number
  temporaryBytes: number
  /** Since when these are counted; null: since the server was made. */
  since: string | null
  /** The largest, indexes and partitions included. Rows are the server’s estimate. */
  tables: Array<{
    name: string
    sizeBytes: number
    rows: number
    deadRows: number
    vacuumedAt: string | null
  }>
  connectionsWarning: number
  slowQueries: {
    /** Whether pg_stat_statements is there to say it. */
    state: 'ok' | 'not installed' | 'not loaded' | 'not readable'
    queries: Array<{
      query: string
      calls: number
      rows: number
      totalMs: number
      meanMs: number
    }>
  }
}

export type GatewayConfig = {
  baseUrl: string
  /** Theirs, or the usual one. */
  isOwn: boolean
  hasKey: boolean
}

export type Health = {
  ready: boolean
  /** What /ready says in place of ready. */
  fault: {
    code: string
    message: string
  } | null
  /** Which process answered; behind a load balancer the next answer may be another’s. */
  instance: string
  version: string
  node: string
  startedAt: string
  memoryBytes: number
  /** Whether it hears at once what other processes change. Where not, it remembers little and asks more. */
  hearsChanges: boolean
  pools: Array<{
    pool: string
    busy: number
    idle: number
    waiting: number
    most: number
  }>
}

export type ListedPrice = {
  /** The rates of calls with at least so many input tokens. */
  fromInputTokens: number
  /** USD for a million tokens, as are all but the last three. */
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
  /** USD for one, of the web by a tool of the provider’s. */
  search: string | null
  /** USD for one. */
  request: string | null
  provider: string
  model: string
  effectiveFrom: string
  isInForce: boolean
  /** shipped with Keyloft, or imported by the operator, which outranks it. */
  source: string
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
    /** USD for a million tokens, as are all but the last three. */
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
    /** USD for one, of the web by a tool of the provider’s. */
    search: string | null
    /** USD for one. */
    request: string | null
  }>
  pricedFrom: string | null
}

export type PeopleFigures = {
  people: number
  /** Of these: began without an account and have none yet. */
  anonymous: number
  /** Anonymous ones whose things went into an account that was there already. */
  movedFromAnonymous: number
  pro: number
  admins: number
  closed: number
  /** Made a call, by the day in UTC. */
  activeToday: number
  activeIn7Days: number
  activeIn30Days: number
  /** The last 30 days. */
  registrations: Array<{
    day: string
    people: number
    anonymous: number
  }>
  /** Of those who came in a week: how many made calls in that week, in the next, and so on. */
  retention: Array<{
    /** Its Monday. */
    week: string
    people: number
    active: Array<number>
  }>
  features: {
    /** Of the last 12 weeks; the others are of now. */
    called: number
    keptAKey: number
    madeAToken: number
    hasOwnGateway: number
    ownKeysOnly: number
    signsInElsewhere: number
  }
}

export type PlatformLimit = {
  limit: {
    requests: number | null
    tokens: number | null
    costUsd: string | null
  }
  /** In this window. */
  used: {
    requests: number
    tokens: number
    costUsd: string
  }
  /** What calls under way may use at most. */
  reserved: {
    requests: number
    tokens: number
    costUsd: string
  }
  /** The limit less what is used and reserved. Null: no limit. */
  remaining: {
    requests: number | null
    tokens: number | null
    costUsd: string | null
  }
  /** When the window ends: a day or a month of UTC. */
  resetsAt: string
  type: 'daily' | 'monthly'
}

export type Profile = {
  id: string
  /** Null where accounts are kept elsewhere and the credential does not say. */
  email: string | null
  emailVerified: boolean
  username: string | null
  displayName: string | null
  bio: string | null
  avatarUrl: string | null
  /** Whatever the app keeps for this person; at most 64 kB. */
  preferences: { [key: string]: unknown }
  tier: 'free' | 'pro'
  isAdmin: boolean
  createdAt: string | null
  /** How many of each the person has. */
  stats: { [key: string]: number }
}

export type Provider = {
  id: string
  name: string
  aliases: Array<string>
  /** Whether a key can be checked with the provider. */
  canVerify: boolean
  /** Where a person gets a key. */
  keysAt: string | null
}

export type ProviderKey = {
  id: string
  provider: string
  keyName: string
  /** The last four characters; empty for a short key. The key itself is never shown again. */
  keyHint: string
  /** Equal for equal keys. */
  fingerprint: string | null
  /** Lower is taken first. */
  priority: number
  isEnabled: boolean
  /** False when the provider refused it at the last verification. */
  isValid: boolean
  lastVerifiedAt: string | null
  validationError: 'refused' | 'unreachable' | 'unexpected_answer' | null
  dailyLimit: number | null
  monthlyLimit: number | null
  lastUsed: string | null
  createdAt: string
  updatedAt: string
}

export type Quota = {
  /** Null: of a tier, and nothing has been counted yet. */
  id: string | null
  type: 'daily' | 'monthly' | 'provider' | 'model'
  provider: string | null
  model: string | null
  /** Which calls count: those with a key of the person’s (own), those that the operator pays for, or all. */
  spend: 'all' | 'own' | 'platform'
  setBy: 'operator' | 'person' | 'key' | 'tier'
  keyId: string | null
  isActive: boolean
  limit: {
    requests: number | null
    tokens: number | null
    costUsd: string | null
  }
  /** In this window. */
  used: {
    requests: number
    tokens: number
    costUsd: string
  }
  /** What calls under way may use at most. */
  reserved: {
    requests: number
    tokens: number
    costUsd: string
  }
  /** The limit less what is used and reserved. Null: no limit. */
  remaining: {
    requests: number | null
    tokens: number | null
    costUsd: string | null
  }
  /** When the window ends: a day or a month of UTC. */
  resetsAt: string
}

export type Resolution = {
  model: string
  /** In the order in which they are tried. */
  decisions: Array<{
    /** Whose key it is. */
    source: 'user-gateway' | 'user-key' | 'server-key' | 'team-gateway'
    provider: string
    /** Of the person’s key; the operator’s have none. */
    keyId: string | null
    /** The model’s name with this provider. */
    modelId: string
    /** Whether that is another name than was asked for. */
    modelReplaced: boolean
    reason: string
  }>
  passedOver: Array<{
    /** Whose key it is. */
    source: 'user-gateway' | 'user-key' | 'server-key' | 'team-gateway'
    provider: string
    /** Of the person’s key; the operator’s have none. */
    keyId: string | null
    code: 'disabled' | 'refused_by_provider' | 'host_changed' | 'host_refused' | 'stored_only' | 'unknown_provider' | 'other_provider' | 'other_key' | 'other_protocol' | 'other_model' | 'model_not_allowed' | 'own_keys_only' | 'own_key_needed' | 'no_consent' | 'daily_limit' | 'monthly_limit' | 'resting'
    reason: string
  }>
  /** What a call would be answered with. Null: it is served. */
  refusal: {
    status: number
    code: string
    message: string
    hint: string | null
    retryAfterSeconds: number | null
  } | null
}

export type Settings = {
  /** Whether the team’s gateway may serve a call that none of your keys can. */
  allowGatewayFallback: boolean
  /** Strict: a call fails rather than being made with a key that is not yours. */
  ownKeysOnly: boolean
  /** What an operator granted you (maxMessagesPerDay …). Not yours to change. */
  granted: { [key: string]: string }
}

export type TierLimit = {
  tier: string
  type: 'daily' | 'monthly'
  requestLimit: number | null
  tokenLimit: number | null
  costLimitUsd: string | null
}

export type Usage = {
  period: 'today' | 'week' | 'month' | 'all'
  /** For all: the hour of the first call, null where there is none. */
  from: string | null
  to: string
  totals: {
    requests: number
    /** Of them, those that costUsd knows nothing of. */
    unpricedRequests: number
    /** Of them, those of which nobody knows how they ended. */
    presumedRequests: number
    tokens: {
      total: number
      input: number
      cachedInput: number
      output: number
      reasoning: number
    }
    /** With adjustments. */
    costUsd: string
    /** Of it, what re-rating added or took away. */
    adjustmentUsd: string
  }
  /** The dearest first. */
  providers: Array<{
    provider: string
    requests: number
    /** Of them, those that costUsd knows nothing of. */
    unpricedRequests: number
    /** Of them, those of which nobody knows how they ended. */
    presumedRequests: number
    tokens: {
      total: number
      input: number
      cachedInput: number
      output: number
      reasoning: number
    }
    /** With adjustments. */
    costUsd: string
    /** Of it, what re-rating added or took away. */
    adjustmentUsd: string
  }>
  /** The ten dearest. */
  models: Array<{
    provider: string
    model: string
    requests: number
    /** Of them, those that costUsd knows nothing of. */
    unpricedRequests: number
    /** Of them, those of which nobody knows how they ended. */
    presumedRequests: number
    tokens: {
      total: number
      input: number
      cachedInput: number
      output: number
      reasoning: number
    }
    /** With adjustments. */
    costUsd: string
    /** Of it, what re-rating added or took away. */
    adjustmentUsd: string
  }>
  /** Days of UTC on which there were calls. */
  days: Array<{
    date: string
    requests: number
    /** Of them, those that costUsd knows nothing of. */
    unpricedRequests: number
    /** Of them, those of which nobody knows how they ended. */
    presumedRequests: number
    tokens: {
      total: number
      input: number
      cachedInput: number
      output: number
      reasoning: number
    }
    /** With adjustments. */
    costUsd: string
    /** Of it, what re-rating added or took away. */
    adjustmentUsd: string
  }>
  /** By whose key was called. */
  sources: Array<{
    source: string
    requests: number
    /** Of them, those that costUsd knows nothing of. */
    unpricedRequests: number
    /** Of them, those of which nobody knows how they ended. */
    presumedRequests: number
    tokens: {
      total: number
      input: number
      cachedInput: number
      output: number
      reasoning: number
    }
    /** With adjustments. */
    costUsd: string
    /** Of it, what re-rating added or took away. */
    adjustmentUsd: string
  }>
  quotas: Array<{
    type: 'daily' | 'monthly' | 'provider' | 'model'
    provider: string | null
    model: string | null
    requestLimit: number | null
    tokenLimit: number | null
    costLimitUsd: string | null
    usedRequests: number
    usedTokens: number
    usedCostUsd: string
    resetAt: string | null
  }>
}

export type UsageCall = {
  id: string
  requestId: string
  startedAt: string
  endedAt: string | null
  operation: string
  provider: string
  model: string
  credentialSource: string
  /** Of the provider’s key. */
  keyId: string | null
  /** Of the API token by which it was asked for. */
  tokenId: string | null
  /** presumed: its process went away, and nobody knows how it ended. */
  outcome: 'completed' | 'failed' | 'aborted' | 'presumed'
  /** Of the provider’s answer. */
  status: number | null
  firstByteMs: number | null
  tokens: {
    /** All of them; cached, written and audio tokens are parts of it. */
    input: number
    cachedInput: number
    cacheWrite5m: number
    cacheWrite1h: number
    audioInput: number
    /** All of them; reasoning and audio tokens are parts of it. */
    output: number
    reasoning: number
    audioOutput: number
  }
  images: number
  /** Of the web, by a tool of the provider’s. */
  searches: number
  usageBasis: 'reported' | 'estimated' | 'none' | 'unknown'
  /** As it was booked. Null: unpriced. */
  costUsd: string | null
}

export type UsageCallDetail = {
  id: string
  requestId: string
  startedAt: string
  endedAt: string | null
  operation: string
  provider: string
  model: string
  credentialSource: string
  /** Of the provider’s key. */
  keyId: string | null
  /** Of the API token by which it was asked for. */
  tokenId: string | null
  /** presumed: its process went away, and nobody knows how it ended. */
  outcome: 'completed' | 'failed' | 'aborted' | 'presumed'
  /** Of the provider’s answer. */
  status: number | null
  firstByteMs: number | null
  tokens: {
    /** All of them; cached, written and audio tokens are parts of it. */
    input: number
    cachedInput: number
    cacheWrite5m: number
    cacheWrite1h: number
    audioInput: number
    /** All of them; reasoning and audio tokens are parts of it. */
    output: number
    reasoning: number
    audioOutput: number
  }
  images: number
  /** Of the web, by a tool of the provider’s. */
  searches: number
  usageBasis: 'reported' | 'estimated' | 'none' | 'unknown'
  /** As it was booked. Null: unpriced. */
  costUsd: string | null
  settledAt: string
  /** How its credential was chosen. */
  decisions: unknown
  /** Every call that was made for the same request, this one among them, in their order. */
  attempts: Array<UsageCall>
  costLines: Array<{
    /** input, cachedInput, output, request …; presumed for what was booked without anybody knowing. */
    what: string
    quantity: number | null
    rateUsd: string | null
    /** The rate is for so many. */
    per: number
    /** Null where it has no price. */
    costUsd: string | null
  }>
  priceId: string | null
  /** The provider’s own account. */
  providerUsage: unknown
  providerCostUsd: string | null
}

/** Every route of the server, by method and path. */
export interface Operations {
  /** Take a granted setting back. For the service key, or an admin. */
  'DELETE /api/admin/users/{id}/settings/{key}': {
    params: {
      id: string
      key: string
    }
    reply: undefined
  }
  /** Close your account. At once: every credential is refused, and your keys are destroyed. After eraseAfter all you own is deleted. For a signed-in person, or an API token with the scope `account`. */
  'DELETE /api/profile': {
    reply: {
      eraseAfter: string
    }
  }
  /** Delete a provider key, for good. For a signed-in person, or an API token with the scope `account`. */
  'DELETE /api/profile/api-keys/{id}': {
    params: {
      id: string
    }
    query?: {
      dryRun?: string | undefined
    }
    reply: {
      id: string
      provider: string
      deleted: boolean
      /** What calls use from then on. */
      nextKey: {
        id: string
        keyName: string
      } | null
      remainingKeys: number
    }
  }
  /** Forget your AI gateway and its keys. For a signed-in person, or an API token with the scope `account`. */
  'DELETE /api/profile/gateway': {
    reply: undefined
  }
  /** Take back a limit that you set. For a signed-in person, or an API token with the scope `account`. */
  'DELETE /api/profile/quotas/{id}': {
    params: {
      id: string
    }
    reply: undefined
  }
  /** Let people together use without a limit what the operator pays for. Audited. For the service key, or an admin. */
  'DELETE /api/quotas/platform/{type}': {
    params: {
      type: 'daily' | 'monthly'
    }
    reply: undefined
  }
  /** Let a tier go without a limit. Audited. For the service key, or an admin. */
  'DELETE /api/quotas/tiers/{tier}/{type}': {
    params: {
      tier: 'anonymous' | 'free' | 'pro'
      type: 'daily' | 'monthly'
    }
    reply: undefined
  }
  /** Take back a limit that an operator set. For the service key, or an admin. */
  'DELETE /api/quotas/{id}': {
    params: {
      id: string
    }
    reply: undefined
  }
  /** Take an API token back, and forget it. For a signed-in person, or an API token with the scope `account`. */
  'DELETE /api/tokens/{id}': {
    params: {
      id: string
    }
    reply: undefined
  }
  /** Anything else that a provider offers, beneath its base URL. For a signed-in person, or an API token with the scope `calls`. */
  'DELETE /proxy/{provider}/{*}': {
    params: {
      provider: string
      "*": string
    }
    reply: { [key: string]: unknown }
  }
  /** Lets a provider forget a file. For a signed-in person, or an API token with the scope `calls`. */
  'DELETE /v1/files/{id}': {
    params: {
      id: string
    }
    reply: { [key: string]: unknown }
  }
  /** Lets a provider forget a response. For a signed-in person, or an API token with the scope `calls`. */
  'DELETE /v1/responses/{id}': {
    params: {
      id: string
    }
    reply: { [key: string]: unknown }
  }
  /** Everything you own here, as one ZIP. account.json, and of each table your rows, a JSON object per line. Keys are in it as hints only. For a signed-in person, or an API token with the scope `read`. */
  'GET /api/account/export': {
    reply: string
  }
  /** What an operator wants to be told of, and whether it is so now. For the service key, or an admin. */
  'GET /api/admin/alerts': {
    reply: {
      instance: string
      latelyMinutes: number
      at: string
      items: Array<Alert>
    }
  }
  /** Who did what to whose keys and accounts, newest first. For the service key, or an admin. */
  'GET /api/admin/audit': {
    query?: {
      limit?: number | undefined
      cursor?: string | undefined
      action?: string | undefined
      user?: string | undefined
      actor?: string | undefined
      from?: string | undefined
      to?: string | undefined
    }
    reply: {
      items: Array<AuditEntry>
      /** Null on the last page. */
      nextCursor: string | null
    }
  }
  /** Connections, cache, sizes and slow queries of the database. For the service key, or an admin. */
  'GET /api/admin/database': {
    reply: DatabaseFigures
  }
  /** What the process that answers refused or failed at, by code and route, newest first. For the service key, or an admin. */
  'GET /api/admin/errors': {
    reply: {
      /** Of this process alone: each counts for itself, and forgets when it ends. */
      instance: string
      since: string
      latelyMinutes: number
      items: Array<{
        code: string
        status: number
        route: string
        /** Since this process began. */
        count: number
        /** In the last so many minutes. */
        lately: number
        firstAt: string
        lastAt: string
        /** By which the log of the server names it. */
        lastRequestId: string
      }>
    }
  }
  /** How the process that answers does. For the service key, or an admin. */
  'GET /api/admin/health': {
    reply: Health
  }
  /** Every price with its date, the latest first. For the service key, or an admin. */
  'GET /api/admin/prices': {
    query?: {
      limit?: number | undefined
      cursor?: string | undefined
      provider?: string | undefined
      model?: string | undefined
    }
    reply: {
      items: Array<ListedPrice>
      /** Null on the last page. */
      nextCursor: string | null
    }
  }
  /** Everybody who has an account. For the service key, or an admin. */
  'GET /api/admin/users': {
    query?: {
      limit?: number | undefined
      cursor?: string | undefined
    }
    reply: {
      items: Array<Account>
      /** Null on the last page. */
      nextCursor: string | null
    }
  }
  /** How many people came, stayed, and use what. For the service key, or an admin. */
  'GET /api/admin/users/figures': {
    reply: PeopleFigures
  }
  /** One account. For the service key, or an admin. */
  'GET /api/admin/users/{id}': {
    params: {
      id: string
    }
    reply: Account
  }
  /** The models that can be called, curated ones first, with their prices. For a signed-in person, or an API token with the scope `read`. */
  'GET /api/models': {
    query?: {
      limit?: number | undefined
      cursor?: string | undefined
      provider?: string | undefined
      modality?: 'text' | 'image' | 'video' | 'audio' | 'embedding' | 'multimodal' | undefined
      search?: string | undefined
      minContext?: number | undefined
      vision?: 'true' | 'false' | undefined
      webSearch?: 'true' | 'false' | undefined
      tools?: 'true' | 'false' | undefined
      curated?: 'true' | 'false' | undefined
      inputAtLeast?: string | undefined
      inputAtMost?: string | undefined
    }
    reply: {
      items: Array<Model>
      /** Null on the last page. */
      nextCursor: string | null
    }
  }
  /** What models can be chosen by: providers and modalities, with how many there are of each. For a signed-in person, or an API token with the scope `read`. */
  'GET /api/models/facets': {
    reply: {
      total: number
      curated: number
      providers: Array<{
        provider: string
        count: number
      }>
      modalities: Array<{
        modality: string
        count: number
      }>
    }
  }
  /** Who you are here, and what you have. For a signed-in person, or an API token with the scope `read`. */
  'GET /api/profile': {
    reply: Profile
  }
  /** Your provider keys, in the order they are taken. For a signed-in person, or an API token with the scope `read`. */
  'GET /api/profile/api-keys': {
    query?: {
      provider?: string | undefined
    }
    reply: {
      items: Array<ProviderKey>
      nextCursor: null
    }
  }
  /** Where your AI gateway is. For a signed-in person, or an API token with the scope `read`. */
  'GET /api/profile/gateway': {
    reply: GatewayConfig
  }
  /** What you may use, and what is left of it. For a signed-in person, or an API token with the scope `read`. */
  'GET /api/profile/quotas': {
    reply: {
      items: Array<Quota>
      nextCursor: null
    }
  }
  /** What you used, and what it cost. Days, weeks and months are those of UTC; a week is today and the six days before. The filters hold for every sum. For a signed-in person, or an API token with the scope `read`. */
  'GET /api/profile/usage': {
    query?: {
      period?: 'today' | 'week' | 'month' | 'all' | undefined
      provider?: string | undefined
      model?: string | undefined
    }
    reply: Usage
  }
  /** The providers whose keys can be kept. For a signed-in person, or an API token with the scope `read`. */
  'GET /api/providers': {
    reply: {
      items: Array<Provider>
      nextCursor: null
    }
  }
  /** What a person may use, and what is left of it. For the service key, or an admin. */
  'GET /api/quotas': {
    query: {
      userId: string
    }
    reply: {
      items: Array<Quota>
      nextCursor: null
    }
  }
  /** What all people together may use of calls that the operator pays for, and what is left of it. For the service key, or an admin. */
  'GET /api/quotas/platform': {
    reply: {
      items: Array<PlatformLimit>
      nextCursor: null
    }
  }
  /** What everybody of a tier may use of calls that the operator pays for. For the service key, or an admin. */
  'GET /api/quotas/tiers': {
    reply: {
      items: Array<TierLimit>
      nextCursor: null
    }
  }
  /** Which key would serve a call, and why. Calls nobody. For a signed-in person, or an API token with the scope `read`. */
  'GET /api/resolve': {
    query?: {
      model?: string | undefined
      protocol?: 'chat.completions' | 'responses' | 'completions' | 'embeddings' | 'moderations' | 'images.generations' | 'images.edits' | 'images.variations' | 'audio.speech' | 'audio.transcriptions' | 'audio.translations' | 'files' | 'batches' | 'messages' | 'messages.count_tokens' | 'gemini.models' | undefined
    }
    reply: Resolution
  }
  /** What you chose, and what you were granted. For a signed-in person, or an API token with the scope `read`. */
  'GET /api/settings': {
    reply: Settings
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
  /** Your calls, newest first. For a signed-in person, or an API token with the scope `read`. */
  'GET /api/usage/calls': {
    query?: {
      from?: string | undefined
      to?: string | undefined
      provider?: string | undefined
      model?: string | undefined
      outcome?: 'completed' | 'failed' | 'aborted' | 'presumed' | undefined
      key?: string | undefined
      token?: string | undefined
      limit?: number | undefined
      cursor?: string | undefined
    }
    reply: {
      items: Array<UsageCall>
      /** Null on the last page. */
      nextCursor: string | null
    }
  }
  /** One call, with how its key was chosen and what it cost, line by line. By its id, or by the id of its request (x-request-id): then the last call that was made for it. For a signed-in person, or an API token with the scope `read`. */
  'GET /api/usage/calls/{id}': {
    params: {
      id: string
    }
    reply: UsageCallDetail
  }
  /** Your calls as CSV, newest first. All of them, or those that the filters leave. A cell that a spreadsheet would take for a formula begins with an apostrophe. For a signed-in person, or an API token with the scope `read`. */
  'GET /api/usage/export.csv': {
    query?: {
      from?: string | undefined
      to?: string | undefined
      provider?: string | undefined
      model?: string | undefined
      outcome?: 'completed' | 'failed' | 'aborted' | 'presumed' | undefined
      key?: string | undefined
      token?: string | undefined
    }
    reply: string
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
  /** Anything else that a provider offers, beneath its base URL. For a signed-in person, or an API token with the scope `calls`. */
  'GET /proxy/{provider}/{*}': {
    params: {
      provider: string
      "*": string
    }
    reply: { [key: string]: unknown }
  }
  /** Whether the process may be sent requests: database, migrations, keyring. For anyone. */
  'GET /ready': {
    reply: {
      status: 'ready'
    }
  }
  /** The batches under the caller’s own key. For a signed-in person, or an API token with the scope `calls`. */
  'GET /v1/batches': {
    reply: { [key: string]: unknown }
  }
  /** How far a batch has come. For a signed-in person, or an API token with the scope `calls`. */
  'GET /v1/batches/{id}': {
    params: {
      id: string
    }
    reply: { [key: string]: unknown }
  }
  /** The files that are kept under the caller’s own key. For a signed-in person, or an API token with the scope `calls`. */
  'GET /v1/files': {
    reply: { [key: string]: unknown }
  }
  /** What a provider knows of a file. For a signed-in person, or an API token with the scope `calls`. */
  'GET /v1/files/{id}': {
    params: {
      id: string
    }
    reply: { [key: string]: unknown }
  }
  /** The bytes of a file. For a signed-in person, or an API token with the scope `calls`. */
  'GET /v1/files/{id}/content': {
    params: {
      id: string
    }
    reply: { [key: string]: unknown }
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
  /** A response that was made before. For a signed-in person, or an API token with the scope `calls`. */
  'GET /v1/responses/{id}': {
    params: {
      id: string
    }
    reply: { [key: string]: unknown }
  }
  /** What a response was made from. For a signed-in person, or an API token with the scope `calls`. */
  'GET /v1/responses/{id}/input_items': {
    params: {
      id: string
    }
    reply: { [key: string]: unknown }
  }
  /** The models of Google. For a signed-in person, or an API token with the scope `calls`. */
  'GET /v1beta/models': {
    reply: { [key: string]: unknown }
  }
  /** What Google says of a model. For a signed-in person, or an API token with the scope `calls`. */
  'GET /v1beta/models/{model}': {
    params: {
      model: string
    }
    reply: { [key: string]: unknown }
  }
  /** Decide of a tier, of admin rights, of whether an account is open. Audited. A disabled account is refused by every process at once; disabled: false opens it again. For the service key, or an admin. */
  'PATCH /api/admin/users/{id}': {
    params: {
      id: string
    }
    body: {
      tier?: 'free' | 'pro' | undefined
      isAdmin?: boolean | undefined
      disabled?: boolean | undefined
      /** Why it is disabled. */
      reason?: string | undefined
    }
    reply: Account
  }
  /** Anything else that a provider offers, beneath its base URL. For a signed-in person, or an API token with the scope `calls`. */
  'PATCH /proxy/{provider}/{*}': {
    params: {
      provider: string
      "*": string
    }
    reply: { [key: string]: unknown }
  }
  /** Takes over an anonymous account. Everything of the anonymous account is moved to the one that asks, and the anonymous account is gone. For a signed-in person, or an API token with the scope `account`. */
  'POST /api/account/claim': {
    body: AccountClaimInput
    reply: AccountClaimed
  }
  /** Add a provider key. For a signed-in person, or an API token with the scope `account`. */
  'POST /api/profile/api-keys': {
    body: {
      provider: string
      apiKey: string
      baseUrl?: string | undefined
      /** Tells several keys of one provider apart. Empty for the only one. */
      keyName?: string | undefined
      priority?: number | undefined
      /** Calls a day that this key is used for at most. */
      dailyLimit?: number | null | undefined
      /** Calls a month that this key is used for at most. */
      monthlyLimit?: number | null | undefined
      /** Ask the provider whether it takes the key, and keep what it says. */
      verify?: boolean | undefined
    }
    reply: ProviderKey
    idempotent: true
  }
  /** Ask the provider whether it takes the key. For a signed-in person, or an API token with the scope `account`. */
  'POST /api/profile/api-keys/{id}/verify': {
    params: {
      id: string
    }
    reply: ProviderKey
  }
  /** Write down a call that was made elsewhere. Under an Idempotency-Key it is written once, however late it comes again; the key becomes its requestId. For the service key. */
  'POST /api/profile/usage': {
    body: {
      userId: string
      /** By its id or an alias. */
      provider: string
      /** As the provider knows it. */
      model: string
      /** Now, unless said. Its price is that of this time. */
      startedAt?: string | undefined
      endedAt?: string | undefined
      outcome?: 'completed' | 'failed' | 'aborted' | undefined
      /** Who pays the provider. */
      credentialSource?: 'user-gateway' | 'user-key' | 'server-key' | 'team-gateway' | undefined
      usageBasis?: 'reported' | 'estimated' | undefined
      /** All of them; cached, written and audio tokens are parts of it. */
      inputTokens?: number | undefined
      cachedInputTokens?: number | undefined
      cacheWrite5mTokens?: number | undefined
      cacheWrite1hTokens?: number | undefined
      audioInputTokens?: number | undefined
      /** All of them; reasoning and audio tokens are parts of it. */
      outputTokens?: number | undefined
      reasoningTokens?: number | undefined
      audioOutputTokens?: number | undefined
      images?: number | undefined
      searches?: number | undefined
      /** What the provider says that it costs. Kept beside ours. */
      providerCostUsd?: string | undefined
    }
    reply: UsageCallDetail
    idempotent: true
  }
  /** Which key would serve a person’s call, and why. Calls nobody. For the service key. */
  'POST /api/resolve': {
    body: {
      userId: string
      /** The model as a call would name it. Empty: each provider’s usual one. */
      model?: string | undefined
      /** What kind of call. Absent: whichever. */
      protocol?: 'chat.completions' | 'responses' | 'completions' | 'embeddings' | 'moderations' | 'images.generations' | 'images.edits' | 'images.variations' | 'audio.speech' | 'audio.transcriptions' | 'audio.translations' | 'files' | 'batches' | 'messages' | 'messages.count_tokens' | 'gemini.models' | undefined
    }
    reply: Resolution
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
  /** Anything else that a provider offers, beneath its base URL. For a signed-in person, or an API token with the scope `calls`. */
  'POST /proxy/{provider}/{*}': {
    params: {
      provider: string
      "*": string
    }
    reply: { [key: string]: unknown }
  }
  /** Whether a secret can be sealed, kept, read back and opened. For the service key. */
  'POST /rest/v1/rpc/check_byok_vault_health': {
    body: { [key: string]: never }
    reply: boolean
  }
  /** Delete every key a person has of a provider. For the service key. */
  'POST /rest/v1/rpc/delete_user_api_key': {
    body: {
      /** The id of a person, a uuid. */
      p_user_id: string
      /** openai, openrouter, anthropic, xai, gateway … */
      p_service: string
    }
    reply: undefined
  }
  /** Forget where a person’s gateway is. For the service key. */
  'POST /rest/v1/rpc/delete_user_gateway_config': {
    body: {
      /** The id of a person, a uuid. */
      p_user_id: string
    }
    reply: undefined
  }
  /** Whether the team’s gateway may serve a person; true unless they said no. For the service key. */
  'POST /rest/v1/rpc/get_user_allow_gateway_fallback': {
    body: {
      /** The id of a person, a uuid. */
      p_user_id: string
    }
    reply: boolean
  }
  /** A person’s provider key, in the clear; null when there is none. Audited. For the service key. */
  'POST /rest/v1/rpc/get_user_api_key': {
    body: {
      /** The id of a person, a uuid. */
      p_user_id: string
      /** openai, openrouter, anthropic, xai, gateway … */
      p_service: string
    }
    reply: string | null
  }
  /** Where a person’s gateway is; null when they named none. For the service key. */
  'POST /rest/v1/rpc/get_user_gateway_base_url': {
    body: {
      /** The id of a person, a uuid. */
      p_user_id: string
    }
    reply: string | null
  }
  /** Keep a person’s provider key, in place of the unnamed one before. For the service key. */
  'POST /rest/v1/rpc/insert_user_api_key': {
    body: {
      /** The id of a person, a uuid. */
      p_user_id: string
      /** openai, openrouter, anthropic, xai, gateway … */
      p_service: string
      p_api_key: string
    }
    reply: string
  }
  /** Say that a person’s key was used. For the service key. */
  'POST /rest/v1/rpc/touch_user_api_key': {
    body: {
      /** The id of a person, a uuid. */
      p_user_id: string
      /** openai, openrouter, anthropic, xai, gateway … */
      p_service: string
    }
    reply: undefined
  }
  /** Say where a person’s gateway is. For the service key. */
  'POST /rest/v1/rpc/upsert_user_gateway_config': {
    body: {
      /** The id of a person, a uuid. */
      p_user_id: string
      p_base_url: string
    }
    reply: undefined
  }
  /** A text, spoken. For a signed-in person, or an API token with the scope `calls`. */
  'POST /v1/audio/speech': {
    body: {
      model: string
      stream?: boolean | null | undefined
      [key: string]: unknown
    }
    reply: { [key: string]: unknown }
  }
  /** What is said in a recording. For a signed-in person, or an API token with the scope `calls`. */
  'POST /v1/audio/transcriptions': {
    reply: { [key: string]: unknown }
  }
  /** What is said in a recording, in English. For a signed-in person, or an API token with the scope `calls`. */
  'POST /v1/audio/translations': {
    reply: { [key: string]: unknown }
  }
  /** Many calls, from a file and to be done in a day. For a signed-in person, or an API token with the scope `calls`. */
  'POST /v1/batches': {
    body: { [key: string]: unknown }
    reply: { [key: string]: unknown }
  }
  /** Stops a batch. For a signed-in person, or an API token with the scope `calls`. */
  'POST /v1/batches/{id}/cancel': {
    params: {
      id: string
    }
    reply: { [key: string]: unknown }
  }
  /** A chat completion, by the provider that the resolver chooses. For a signed-in person, or an API token with the scope `calls`. */
  'POST /v1/chat/completions': {
    body: {
      /** As the provider names it, or as the catalogue does. */
      model: string
      messages: Array<{ [key: string]: unknown }>
      stream?: boolean | null | undefined
      stream_options?: {
        include_usage?: boolean | undefined
        [key: string]: unknown
      } | null | undefined
      [key: string]: unknown
    }
    reply: {
      id: string
      [key: string]: unknown
    }
  }
  /** A text that is continued. For a signed-in person, or an API token with the scope `calls`. */
  'POST /v1/completions': {
    body: {
      model: string
      stream?: boolean | null | undefined
      [key: string]: unknown
    }
    reply: { [key: string]: unknown }
  }
  /** Embeddings of texts. For a signed-in person, or an API token with the scope `calls`. */
  'POST /v1/embeddings': {
    body: {
      model: string
      stream?: boolean | null | undefined
      [key: string]: unknown
    }
    reply: { [key: string]: unknown }
  }
  /** A file for a provider to keep. For a signed-in person, or an API token with the scope `calls`. */
  'POST /v1/files': {
    reply: { [key: string]: unknown }
  }
  /** Images from images and a description. For a signed-in person, or an API token with the scope `calls`. */
  'POST /v1/images/edits': {
    reply: { [key: string]: unknown }
  }
  /** Images from a description. For a signed-in person, or an API token with the scope `calls`. */
  'POST /v1/images/generations': {
    body: { [key: string]: unknown }
    reply: { [key: string]: unknown }
  }
  /** Images like another. For a signed-in person, or an API token with the scope `calls`. */
  'POST /v1/images/variations': {
    reply: { [key: string]: unknown }
  }
  /** A message, by the provider that the resolver chooses. For a signed-in person, or an API token with the scope `calls`. */
  'POST /v1/messages': {
    body: {
      model: string
      messages: Array<{ [key: string]: unknown }>
      stream?: boolean | null | undefined
      [key: string]: unknown
    }
    reply: { [key: string]: unknown }
  }
  /** How many tokens a message would have. For a signed-in person, or an API token with the scope `calls`. */
  'POST /v1/messages/count_tokens': {
    body: {
      model: string
      messages: Array<{ [key: string]: unknown }>
      stream?: boolean | null | undefined
      [key: string]: unknown
    }
    reply: { [key: string]: unknown }
  }
  /** The embeddings of several texts, by Google. For a signed-in person, or an API token with the scope `calls`. */
  'POST /v1/models/{model}:batchEmbedContents': {
    params: {
      model: string
    }
    body: { [key: string]: unknown }
    reply: { [key: string]: unknown }
  }
  /** How many tokens a request to a Gemini model would have. For a signed-in person, or an API token with the scope `calls`. */
  'POST /v1/models/{model}:countTokens': {
    params: {
      model: string
    }
    body: { [key: string]: unknown }
    reply: { [key: string]: unknown }
  }
  /** The embedding of a text, by Google. For a signed-in person, or an API token with the scope `calls`. */
  'POST /v1/models/{model}:embedContent': {
    params: {
      model: string
    }
    body: { [key: string]: unknown }
    reply: { [key: string]: unknown }
  }
  /** An answer of a Gemini model. For a signed-in person, or an API token with the scope `calls`. */
  'POST /v1/models/{model}:generateContent': {
    params: {
      model: string
    }
    body: { [key: string]: unknown }
    reply: { [key: string]: unknown }
  }
  /** An answer of a Gemini model, while it is made. For a signed-in person, or an API token with the scope `calls`. */
  'POST /v1/models/{model}:streamGenerateContent': {
    params: {
      model: string
    }
    body: { [key: string]: unknown }
    reply: { [key: string]: unknown }
  }
  /** Whether texts or images are harmful. For a signed-in person, or an API token with the scope `calls`. */
  'POST /v1/moderations': {
    body: { [key: string]: unknown }
    reply: { [key: string]: unknown }
  }
  /** A response, by the provider that the resolver chooses. For a signed-in person, or an API token with the scope `calls`. */
  'POST /v1/responses': {
    body: {
      model: string
      stream?: boolean | null | undefined
      [key: string]: unknown
    }
    reply: { [key: string]: unknown }
  }
  /** Stops a response that is made in the background. For a signed-in person, or an API token with the scope `calls`. */
  'POST /v1/responses/{id}/cancel': {
    params: {
      id: string
    }
    reply: { [key: string]: unknown }
  }
  /** The embeddings of several texts, by Google. For a signed-in person, or an API token with the scope `calls`. */
  'POST /v1beta/models/{model}:batchEmbedContents': {
    params: {
      model: string
    }
    body: { [key: string]: unknown }
    reply: { [key: string]: unknown }
  }
  /** How many tokens a request to a Gemini model would have. For a signed-in person, or an API token with the scope `calls`. */
  'POST /v1beta/models/{model}:countTokens': {
    params: {
      model: string
    }
    body: { [key: string]: unknown }
    reply: { [key: string]: unknown }
  }
  /** The embedding of a text, by Google. For a signed-in person, or an API token with the scope `calls`. */
  'POST /v1beta/models/{model}:embedContent': {
    params: {
      model: string
    }
    body: { [key: string]: unknown }
    reply: { [key: string]: unknown }
  }
  /** An answer of a Gemini model. For a signed-in person, or an API token with the scope `calls`. */
  'POST /v1beta/models/{model}:generateContent': {
    params: {
      model: string
    }
    body: { [key: string]: unknown }
    reply: { [key: string]: unknown }
  }
  /** An answer of a Gemini model, while it is made. For a signed-in person, or an API token with the scope `calls`. */
  'POST /v1beta/models/{model}:streamGenerateContent': {
    params: {
      model: string
    }
    body: { [key: string]: unknown }
    reply: { [key: string]: unknown }
  }
  /** Grant a person a setting. For the service key, or an admin. */
  'PUT /api/admin/users/{id}/settings/{key}': {
    params: {
      id: string
      key: string
    }
    body: {
      value: string
    }
    reply: {
      key: string
      value: string
    }
  }
  /** Change what you show of yourself. What is left out stays as it is; null takes it away. For a signed-in person, or an API token with the scope `account`. */
  'PUT /api/profile': {
    body: {
      displayName?: string | null | undefined
      bio?: string | null | undefined
      avatarUrl?: string | null | undefined
      /** Whatever the app keeps for this person; at most 64 kB. */
      preferences?: { [key: string]: unknown } | undefined
    }
    reply: {
      displayName: string | null
      bio: string | null
      avatarUrl: string | null
      /** Whatever the app keeps for this person; at most 64 kB. */
      preferences: { [key: string]: unknown }
    }
  }
  /** Change a provider key, or put another in its place. For a signed-in person, or an API token with the scope `account`. */
  'PUT /api/profile/api-keys/{id}': {
    params: {
      id: string
    }
    body: {
      /** Tells several keys of one provider apart. Empty for the only one. */
      keyName?: string | undefined
      priority?: number | undefined
      /** Calls a day that this key is used for at most. */
      dailyLimit?: number | null | undefined
      /** Calls a month that this key is used for at most. */
      monthlyLimit?: number | null | undefined
      isEnabled?: boolean | undefined
      apiKey?: string | undefined
      /** Ask the provider whether it takes the key, and keep what it says. */
      verify?: boolean | undefined
    }
    reply: ProviderKey
  }
  /** Name your AI gateway. For a signed-in person, or an API token with the scope `account`. */
  'PUT /api/profile/gateway': {
    body: {
      /** Null: the usual one. */
      baseUrl: string | null
      apiKey?: string | undefined
    }
    reply: GatewayConfig
  }
  /** Limit what your own keys are used for. Counts calls with your own keys alone. In the place of your limit for the same before, whose counters go on. With isActive false and no limit, that one is kept and counts nothing. For a signed-in person, or an API token with the scope `account`. */
  'PUT /api/profile/quotas': {
    body: {
      /** daily and monthly count every call; provider and model those of one, by the day. */
      type: 'daily' | 'monthly' | 'provider' | 'model'
      /** By its id or an alias. With the types provider and model. */
      provider?: string | null | undefined
      /** With the type model: as it is sent to the provider. A * at its end: all whose names begin so. */
      model?: string | null | undefined
      requestLimit?: number | null | undefined
      tokenLimit?: number | null | undefined
      costLimitUsd?: string | null | undefined
      isActive?: boolean | undefined
    }
    reply: Quota
  }
  /** Limit what a person may use. Counts on every server within a second. In the place of the limit for the same before, whose counters go on. With isActive false and no limit, that one is kept and counts nothing. Audited. For the service key, or an admin. */
  'PUT /api/quotas': {
    body: {
      userId: string
      /** daily and monthly count every call; provider and model those of one, by the day. */
      type: 'daily' | 'monthly' | 'provider' | 'model'
      /** By its id or an alias. With the types provider and model. */
      provider?: string | null | undefined
      /** With the type model: as it is sent to the provider. A * at its end: all whose names begin so. */
      model?: string | null | undefined
      spend?: 'all' | 'own' | 'platform' | undefined
      requestLimit?: number | null | undefined
      tokenLimit?: number | null | undefined
      costLimitUsd?: string | null | undefined
      isActive?: boolean | undefined
    }
    reply: Quota
  }
  /** Limit what all people together may use of calls that the operator pays for. Counts on every server within a second; what was used goes on. Audited. For the service key, or an admin. */
  'PUT /api/quotas/platform/{type}': {
    params: {
      type: 'daily' | 'monthly'
    }
    body: {
      requestLimit?: number | null | undefined
      tokenLimit?: number | null | undefined
      costLimitUsd?: string | null | undefined
    }
    reply: PlatformLimit
  }
  /** Set what a tier may use. Audited. For the service key, or an admin. */
  'PUT /api/quotas/tiers/{tier}/{type}': {
    params: {
      tier: 'anonymous' | 'free' | 'pro'
      type: 'daily' | 'monthly'
    }
    body: {
      requestLimit?: number | null | undefined
      tokenLimit?: number | null | undefined
      costLimitUsd?: string | null | undefined
    }
    reply: TierLimit
  }
  /** Choose. What is left out stays as it is. For a signed-in person, or an API token with the scope `account`. */
  'PUT /api/settings': {
    body: {
      /** Whether the team’s gateway may serve a call that none of your keys can. */
      allowGatewayFallback?: boolean | undefined
      /** Strict: a call fails rather than being made with a key that is not yours. */
      ownKeysOnly?: boolean | undefined
    }
    reply: {
      /** Whether the team’s gateway may serve a call that none of your keys can. */
      allowGatewayFallback: boolean
      /** Strict: a call fails rather than being made with a key that is not yours. */
      ownKeysOnly: boolean
    }
  }
  /** Anything else that a provider offers, beneath its base URL. For a signed-in person, or an API token with the scope `calls`. */
  'PUT /proxy/{provider}/{*}': {
    params: {
      provider: string
      "*": string
    }
    reply: { [key: string]: unknown }
  }
}
