import { randomUUID } from 'node:crypto'

/** A row as the isolation test tries it: what is inserted for a person, by what it is found, and what is changed in it. */
export interface Sample {
  row: (userId: string) => Record<string, unknown>
  key: string
  change: string
  /** What it shows was planted in the tables behind it. */
  isView?: true
}

const inAnHour = () => new Date(Date.now() + 3_600_000)

const aCall = {
  started_at: new Date(),
  request_id: 'request',
  operation: 'chat.completions',
  provider: 'mock',
  model: 'mock-1',
  credential_source: 'user-key',
  decisions: '[]',
}

/** One for every table outside of the job queue's schema. A table without one fails the isolation test. */
export const samples: Record<string, Sample> = {
  'auth.users': { row: (id) => ({ id, email: `${id}@example.com` }), key: 'id', change: 'name' },
  'auth.accounts': {
    row: (user_id) => ({ id: randomUUID(), user_id, provider_id: 'credential', account_id: user_id }),
    key: 'id',
    change: 'scope',
  },
  'auth.sessions': {
    row: (user_id) => ({ id: randomUUID(), user_id, token: randomUUID(), expires_at: inAnHour() }),
    key: 'id',
    change: 'user_agent',
  },
  'auth.verifications': {
    row: (identifier) => ({ id: randomUUID(), identifier, value: 'proof', expires_at: inAnHour() }),
    key: 'id',
    change: 'value',
  },
  'auth.jwks': { row: () => ({ id: randomUUID(), public_key: 'public', private_key: 'sealed' }), key: 'id', change: 'alg' },
  'auth.external_identities': {
    row: (user_id) => ({ issuer: 'https://issuer.example.com', subject: randomUUID(), user_id }),
    key: 'subject',
    change: 'issuer',
  },
  'keyloft.token_marks': { row: () => ({ id: true, key: Buffer.alloc(32) }), key: 'id', change: 'key' },
  'public.api_tokens': {
    row: (user_id) => {
      const public_id = randomUUID().replaceAll('-', '').slice(0, 12)
      return { id: randomUUID(), user_id, name: 'laptop', public_id, secret_hash: Buffer.alloc(32), token_prefix: `klt_${public_id}` }
    },
    key: 'id',
    change: 'name',
  },
  'public.ai_models': {
    row: () => ({ id: randomUUID(), provider: 'mock', model: randomUUID(), display_name: 'A model' }),
    key: 'id',
    change: 'display_name',
  },
  'public.model_prices': {
    row: () => ({ id: randomUUID(), provider: 'mock', model: randomUUID(), effective_from: new Date(), source: 'imported' }),
    key: 'id',
    change: 'source',
  },
  'public.usage_records': {
    row: (user_id) => ({ id: randomUUID(), user_id, ...aCall, outcome: 'completed', usage_basis: 'none', cost_usd: '0' }),
    key: 'id',
    change: 'outcome',
  },
  'public.usage_hourly': {
    row: (user_id) => ({
      user_id,
      hour: new Date(0),
      provider: 'mock',
      model: randomUUID(),
      credential_source: 'user-key',
      ...Object.fromEntries(
        [
          'requests',
          'unpriced_requests',
          'presumed_requests',
          'input_tokens',
          'cached_input_tokens',
          'output_tokens',
          'reasoning_tokens',
          'cost_usd',
        ].map((sum) => [sum, 1]),
      ),
    }),
    key: 'model',
    change: 'requests',
  },
  'public.usage_adjustments': {
    row: (user_id) => ({
      user_id,
      hour: new Date(0),
      provider: 'mock',
      model: randomUUID(),
      credential_source: 'user-key',
      rerating_id: randomUUID(),
      cost_usd: '-1',
      unpriced_requests: 0,
    }),
    key: 'model',
    change: 'cost_usd',
  },
  'public.user_quota_limits': {
    row: (user_id) => ({ id: randomUUID(), user_id, type: 'model', model: randomUUID(), cost_limit: '5' }),
    key: 'id',
    change: 'cost_limit',
  },
  'public.quota_tiers': {
    row: () => ({ tier: `sample-${randomUUID().slice(0, 8)}`, type: 'daily', request_limit: 500 }),
    key: 'tier',
    change: 'request_limit',
  },
  'keyloft.presumed_reservations': {
    row: (user_id) => ({ id: randomUUID(), user_id, quota_ids: [randomUUID()], reserved_at: new Date() }),
    key: 'id',
    change: 'reserved_at',
  },
  'keyloft.advances': {
    row: (user_id) => ({
      id: randomUUID(),
      user_id,
      quota_ids: [randomUUID()],
      reserved_at: new Date(),
      places: 8,
      lease_until: inAnHour(),
    }),
    key: 'id',
    change: 'lease_until',
  },
  'keyloft.holds': {
    row: (user_id) => ({ id: randomUUID(), user_id, ...aCall, lease_until: inAnHour() }),
    key: 'id',
    change: 'lease_until',
  },
  'keyloft.journal': { row: () => ({ ends: randomUUID() }), key: 'ends', change: 'fault' },
  'public.user_profiles': { row: (user_id) => ({ user_id, display_name: 'Ada' }), key: 'user_id', change: 'display_name' },
  'public.user_standing': { row: (user_id) => ({ user_id, tier: 'pro' }), key: 'user_id', change: 'tier' },
  'public.user_settings': {
    row: (user_id) => ({ user_id, allow_gateway_fallback: true }),
    key: 'user_id',
    change: 'allow_gateway_fallback',
  },
  'public.settings': {
    row: (user_id) => ({ id: randomUUID(), user_id, key: 'maxMessagesPerDay', value: '20' }),
    key: 'id',
    change: 'value',
  },
  // Its id is the person's, so that the sample of a provider key can refer to it.
  'keyloft.secrets': {
    row: (user_id) => ({ id: user_id, user_id, kind: 'provider key', version: 1, sealed: `kl1.${user_id}.1.${'A'.repeat(38)}` }),
    key: 'id',
    change: 'kind',
  },
  'keyloft.data_keys': {
    row: (user_id) => ({ user_id, version: 1, wrapped: `kr1.v1.${'A'.repeat(40)}` }),
    key: 'user_id',
    change: 'wrapped',
  },
  'keyloft.audit_log': {
    row: (user_id) => ({ user_id, actor_role: 'authenticated', action: 'sample.planted', request_id: user_id }),
    key: 'request_id',
    change: 'action',
  },
  'public.api_keys': {
    row: (user_id) => ({ id: user_id, user_id, service: 'openrouter', secret_id: user_id }),
    key: 'id',
    change: 'priority',
  },
  'public.user_openrouter_integrations': { row: (user_id) => ({ user_id }), key: 'user_id', change: 'is_valid', isView: true },
  'public.x402_resources': {
    row: (user_id) => ({ id: randomUUID(), user_id, slug: randomUUID(), name: 'Haiku' }),
    key: 'id',
    change: 'name',
  },
  'public.api_gateway_configs': {
    row: (user_id) => ({ user_id, base_url: 'https://gateway.example.com/v1' }),
    key: 'user_id',
    change: 'base_url',
  },
  'keyloft.user_aliases': { row: (user_id) => ({ old_id: randomUUID(), user_id }), key: 'old_id', change: 'moved_at' },
  'keyloft.move_rules': {
    row: () => ({ table_name: randomUUID(), rule: 'stays', because: 'a sample' }),
    key: 'table_name',
    change: 'because',
  },
  'keyloft.logins': { row: () => ({ role_name: 'keyloft_user', sealed_password: 'kr1.' }), key: 'role_name', change: 'sealed_password' },
  'keyloft.request_counts': {
    row: () => ({ bucket: randomUUID(), count: 1, window_ends: inAnHour() }),
    key: 'bucket',
    change: 'count',
  },
  'keyloft.idempotent_requests': {
    row: (user_id) => ({ id: randomUUID(), user_id, key: 'order', request_hash: Buffer.alloc(32), expires_at: inAnHour() }),
    key: 'id',
    change: 'status',
  },
  'keyloft.provider_objects': {
    row: (user_id) => ({ user_id, object_id: randomUUID(), provider: 'openai', credential_source: 'user-key' }),
    key: 'object_id',
    change: 'provider',
  },
  'keyloft_migrations.applied': { row: () => ({ name: randomUUID(), timestamp: 'now' }), key: 'name', change: 'timestamp' },
  'keyloft_migrations.applied_lock': { row: () => ({ id: randomUUID() }), key: 'id', change: 'is_locked' },
  'keyloft_migrations.files': { row: () => ({ name: randomUUID(), sha256: '', breaking: false }), key: 'name', change: 'sha256' },
}
