import type { Statement } from '../../platform/database/database.ts'
import type { Call, Outcome, Usage } from './call.ts'

/*
 * Rows as columns: PostgreSQL takes an array for each, so that a batch of any size is one statement of one text, which
 * the connection keeps parsed.
 */

export interface Ended {
  readonly call: Call
  readonly outcome: Outcome & { usage: Usage }
}

/** An array of what needs no quotes: ids, numbers, times. */
function plain<T>(rows: readonly T[], read: (row: T) => string | number | undefined): string {
  let text = '{'
  for (const row of rows) {
    const value = read(row)
    text += text.length > 1 ? ',' : ''
    text += value ?? 'NULL'
  }
  return `${text}}`
}

/** An array of what may hold anything. */
function quoted<T>(rows: readonly T[], read: (row: T) => string | undefined): string {
  let text = '{'
  for (const row of rows) {
    const value = read(row)
    text += text.length > 1 ? ',' : ''
    text += value === undefined ? 'NULL' : `"${special.test(value) ? value.replaceAll(eachSpecial, '\\$&') : value}"`
  }
  return `${text}}`
}
const special = /["\\]/
const eachSpecial = /["\\]/g

const time = (ms: number) => `"${new Date(ms).toISOString()}"`

/** Ids come from outside, and one that closed the array would shift the rows behind it. */
const id = (value: string | undefined) => (value === undefined ? undefined : `"${value.replaceAll(eachSpecial, '\\$&')}"`)

const callArguments = [
  'in_user_ids',
  'in_ids',
  'in_started_at',
  'in_request_ids',
  'in_operations',
  'in_providers',
  'in_models',
  'in_credential_sources',
  'in_key_ids',
  'in_token_ids',
  'in_decisions',
]

function callColumns<T>(rows: readonly T[], callOf: (row: T) => Call): string[] {
  return [
    plain(rows, (row) => id(callOf(row).userId)),
    plain(rows, (row) => id(callOf(row).id)),
    plain(rows, (row) => time(callOf(row).startedAtMs)),
    quoted(rows, (row) => callOf(row).requestId),
    quoted(rows, (row) => callOf(row).operation),
    quoted(rows, (row) => callOf(row).provider),
    quoted(rows, (row) => callOf(row).model),
    quoted(rows, (row) => callOf(row).credentialSource),
    plain(rows, (row) => id(callOf(row).keyId)),
    plain(rows, (row) => id(callOf(row).tokenId)),
    quoted(rows, (row) => callOf(row).decisions),
  ]
}

const invoke = (name: string, names: readonly string[]) => {
  const given = names.map((argument, index) => `${argument} => $${index + 1}`).join(', ')
  return `select array_to_string(keyloft.${name}(${given}), ',') as verdicts`
}

const openText = invoke('open_calls', [...callArguments, 'in_most_cost_usd', 'in_lease_seconds'])

export function openCalls(calls: readonly Call[], leaseSeconds: number): Statement {
  return {
    name: 'ledger_open',
    text: openText,
    values: [...callColumns(calls, itself), quoted(calls, ({ mostCostUsd }) => mostCostUsd), `${leaseSeconds}`],
  }
}
const itself = (call: Call) => call

const settleText = invoke('settle_calls', [
  ...callArguments,
  'in_ended_at',
  'in_outcomes',
  'in_statuses',
  'in_first_byte_ms',
  'in_input_tokens',
  'in_cached_input_tokens',
  'in_cache_write_5m_tokens',
  'in_cache_write_1h_tokens',
  'in_audio_input_tokens',
  'in_output_tokens',
  'in_reasoning_tokens',
  'in_audio_output_tokens',
  'in_images',
  'in_usage_bases',
  'in_provider_usage',
  'in_provider_cost_usd',
])

export function settleCalls(ended: readonly Ended[]): Statement {
  return {
    name: 'ledger_settle',
    text: settleText,
    values: [
      ...callColumns(ended, ({ call }) => call),
      plain(ended, ({ outcome }) => time(outcome.endedAtMs)),
      quoted(ended, ({ outcome }) => outcome.outcome),
      plain(ended, ({ outcome }) => outcome.status),
      plain(ended, ({ outcome }) => outcome.firstByteMs),
      plain(ended, ({ outcome }) => outcome.usage.inputTokens),
      plain(ended, ({ outcome }) => outcome.usage.cachedInputTokens),
      plain(ended, ({ outcome }) => outcome.usage.cacheWrite5mTokens),
      plain(ended, ({ outcome }) => outcome.usage.cacheWrite1hTokens),
      plain(ended, ({ outcome }) => outcome.usage.audioInputTokens),
      plain(ended, ({ outcome }) => outcome.usage.outputTokens),
      plain(ended, ({ outcome }) => outcome.usage.reasoningTokens),
      plain(ended, ({ outcome }) => outcome.usage.audioOutputTokens),
      plain(ended, ({ outcome }) => outcome.usage.images),
      quoted(ended, ({ outcome }) => outcome.usageBasis),
      quoted(ended, ({ outcome }) => outcome.providerUsage),
      quoted(ended, ({ outcome }) => outcome.providerCostUsd),
    ],
  }
}

export function renewLeases(calls: readonly Call[], leaseSeconds: number): Statement {
  return {
    name: 'ledger_renew',
    text: 'select keyloft.renew_leases(in_user_ids => $1, in_ids => $2, in_lease_seconds => $3) as renewed',
    values: [plain(calls, ({ userId }) => id(userId)), plain(calls, (call) => id(call.id)), `${leaseSeconds}`],
  }
}
