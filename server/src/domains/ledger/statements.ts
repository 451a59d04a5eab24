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

/**
 * One argument: an array, or null where nobody has anything in it, which spares both sides the array. What repeats from
 * row to row, as most does, is written once.
 */
function column<T, V extends string | number>(
  rows: readonly T[],
  read: (row: T) => V | undefined,
  write: (value: V) => string = element,
): string | null {
  let text = ''
  let last: V | undefined
  let written = 'NULL'
  let isEmpty = true
  for (const row of rows) {
    const value = read(row)
    if (value !== last) {
      last = value
      written = value === undefined ? 'NULL' : write(value)
      isEmpty = false
    }
    text += text === '' ? written : `,${written}`
  }
  return isEmpty ? null : `{${text}}`
}

/** Text may come from outside, ids too; one that closed the array would shift the rows behind it. */
function element(value: string | number): string {
  if (typeof value === 'number') return `${value}`
  return `"${special.test(value) ? value.replaceAll(eachSpecial, '\\$&') : value}"`
}
const special = /["\\]/
const eachSpecial = /["\\]/g

const time = (ms: number) => `"${new Date(ms).toISOString()}"`

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

function callColumns<T>(rows: readonly T[], callOf: (row: T) => Call): (string | null)[] {
  return [
    column(rows, (row) => callOf(row).userId),
    column(rows, (row) => callOf(row).id),
    column(rows, (row) => callOf(row).startedAtMs, time),
    column(rows, (row) => callOf(row).requestId),
    column(rows, (row) => callOf(row).operation),
    column(rows, (row) => callOf(row).provider),
    column(rows, (row) => callOf(row).model),
    column(rows, (row) => callOf(row).credentialSource),
    column(rows, (row) => callOf(row).keyId),
    column(rows, (row) => callOf(row).tokenId),
    column(rows, (row) => callOf(row).decisions),
  ]
}

const invoke = (name: string, names: readonly string[]) => {
  const given = names.map((argument, index) => `${argument} => $${index + 1}`).join(', ')
  return `select array_to_string(keyloft.${name}(${given}), ',') as verdicts`
}

const openText = invoke('open_calls', [
  ...callArguments,
  'in_most_cost_usd',
  'in_lease_seconds',
  'in_most_input_tokens',
  'in_most_output_tokens',
  'in_most_choices',
  'in_most_images',
])

export function openCalls(calls: readonly Call[], leaseSeconds: number): Statement {
  return {
    name: 'ledger_open',
    text: openText,
    values: [
      ...callColumns(calls, itself),
      column(calls, ({ mostCostUsd }) => mostCostUsd),
      `${leaseSeconds}`,
      column(calls, ({ mostInputTokens }) => mostInputTokens),
      column(calls, ({ mostOutputTokens }) => mostOutputTokens),
      column(calls, ({ mostChoices }) => mostChoices),
      column(calls, ({ mostImages }) => mostImages),
    ],
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
  'in_searches',
  'in_usage_bases',
  'in_provider_usage',
  'in_provider_cost_usd',
])

/** Of most things most calls have none. */
function counts(ended: readonly Ended[], read: (usage: Usage) => number) {
  return ended.some(({ outcome }) => read(outcome.usage) !== 0) ? column(ended, ({ outcome }) => read(outcome.usage)) : null
}

export function settleCalls(ended: readonly Ended[]): Statement {
  return {
    name: 'ledger_settle',
    text: settleText,
    values: [
      ...callColumns(ended, ({ call }) => call),
      column(ended, ({ outcome }) => outcome.endedAtMs, time),
      column(ended, ({ outcome }) => outcome.outcome),
      column(ended, ({ outcome }) => outcome.status),
      column(ended, ({ outcome }) => outcome.firstByteMs),
      counts(ended, ({ inputTokens }) => inputTokens),
      counts(ended, ({ cachedInputTokens }) => cachedInputTokens),
      counts(ended, ({ cacheWrite5mTokens }) => cacheWrite5mTokens),
      counts(ended, ({ cacheWrite1hTokens }) => cacheWrite1hTokens),
      counts(ended, ({ audioInputTokens }) => audioInputTokens),
      counts(ended, ({ outputTokens }) => outputTokens),
      counts(ended, ({ reasoningTokens }) => reasoningTokens),
      counts(ended, ({ audioOutputTokens }) => audioOutputTokens),
      counts(ended, ({ images }) => images),
      counts(ended, ({ searches }) => searches),
      column(ended, ({ outcome }) => outcome.usageBasis),
      column(ended, ({ outcome }) => outcome.providerUsage),
      column(ended, ({ outcome }) => outcome.providerCostUsd),
    ],
  }
}

export function renewLeases(calls: readonly Call[], leaseSeconds: number): Statement {
  return {
    name: 'ledger_renew',
    text: 'select keyloft.renew_leases(in_user_ids => $1, in_ids => $2, in_lease_seconds => $3) as renewed',
    values: [column(calls, ({ userId }) => userId), column(calls, ({ id }) => id), `${leaseSeconds}`],
  }
}
