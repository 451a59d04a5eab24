import type { Statement } from '../../platform/database/database.ts'
import type { FreePlaces, Wish } from './advances.ts'
import { type Call, noUsage, type Outcome, type Usage } from './call.ts'

/*
 * Intents go as columns: PostgreSQL takes an array for each, so that a batch of any size is one statement of one text,
 * which the connection keeps parsed. Ends go as one text, which is kept as it is until it is posted.
 */

export interface Ended {
  readonly call: Call
  readonly outcome: Outcome & { usage: Usage }
  /** Its intent was sent: there may be a hold. */
  readonly wasOpened: boolean
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

/** To write a date takes as long as all the rest of a row: the second is written once for all that fall into it. */
function time(ms: number): string {
  const second = Math.floor(ms / 1_000) // NaN throws below
  if (second !== lastSecond.second) {
    lastSecond.text = new Date(second * 1_000).toISOString().slice(0, -4)
    lastSecond.second = second
  }
  return `"${lastSecond.text}${String(Math.floor(ms) - second * 1_000).padStart(3, '0')}Z"`
}
const lastSecond = { second: Number.NaN, text: '' }

const openArguments = [
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
  'in_most_cost_usd',
  'in_lease_seconds',
  'in_most_input_tokens',
  'in_most_output_tokens',
  'in_most_choices',
  'in_most_images',
  'in_advance_ids',
  'in_places',
]

const openText = `select array_to_string(keyloft.open_calls(${openArguments.map((name, index) => `${name} => $${index + 1}`).join(', ')}), ',') as verdicts`

export function openCalls(calls: readonly (Call | Wish)[], leaseSeconds: number): Statement {
  return {
    name: 'ledger_open',
    text: openText,
    values: [
      column(calls, ({ userId }) => userId),
      column(calls, ({ id }) => id),
      column(calls, ({ startedAtMs }) => startedAtMs, time),
      column(calls, ({ requestId }) => requestId),
      column(calls, ({ operation }) => operation),
      column(calls, ({ provider }) => provider),
      column(calls, ({ model }) => model),
      column(calls, ({ credentialSource }) => credentialSource),
      column(calls, ({ keyId }) => keyId),
      column(calls, ({ tokenId }) => tokenId),
      column(calls, ({ decisions }) => decisions),
      column(calls, ({ mostCostUsd }) => mostCostUsd),
      `${leaseSeconds}`,
      column(calls, ({ mostInputTokens }) => mostInputTokens),
      column(calls, ({ mostOutputTokens }) => mostOutputTokens),
      column(calls, ({ mostChoices }) => mostChoices),
      column(calls, ({ mostImages }) => mostImages),
      column(calls, ({ advanceId }) => advanceId),
      column(calls, (call) => ('places' in call ? call.places : undefined)),
    ],
  }
}
/** Each as a row of the type keyloft.call_end. */
export function writeEnds(ended: readonly Ended[]): string {
  let text = ''
  for (const one of ended) text += text === '' ? writeEnd(one) : `${between}${writeEnd(one)}`
  return text
}

function writeEnd({ call, outcome, wasOpened }: Ended): string {
  const { userId, id, startedAtMs, requestId, operation, provider, model, credentialSource, keyId, tokenId, decisions, advanceId } = call
  const { endedAtMs, status, firstByteMs, usage, usageBasis, providerUsage, providerCostUsd } = outcome
  return (
    `(${member(userId)},${member(id)},${time(startedAtMs)},${member(requestId)},${member(operation)},${member(provider)},${member(model)},` +
    `${credentialSource},${member(keyId)},${member(tokenId)},${decisionsMember(decisions)},${wasOpened ? 't' : 'f'},${time(endedAtMs)},${outcome.outcome},` +
    `${status ?? ''},${firstByteMs ?? ''},${usage === noUsage ? nothing : writeUsage(usage)},${usageBasis},${member(providerUsage)},${member(providerCostUsd)},${advanceId ?? ''})`
  )
}

const writeUsage = (usage: Usage) =>
  `${usage.inputTokens},${usage.cachedInputTokens},${usage.cacheWrite5mTokens},${usage.cacheWrite1hTokens},${usage.audioInputTokens},` +
  `${usage.outputTokens},${usage.reasoningTokens},${usage.audioOutputTokens},${usage.images},${usage.searches}`
const nothing = ','.repeat(9)

/** Text may come from outside, ids too; one that ended its place, or its row, would shift what is behind it. */
function member(value: string | undefined): string {
  if (value === undefined) return ''
  if (!unusual.test(value)) return `"${value}"`
  // PostgreSQL knows no zero byte, and no half of a character: a mark stands for them.
  const known = value.toWellFormed().replaceAll('\0', '\ufffd').replaceAll(between, '\ufffd')
  return `"${known.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

/** The longest of all, and the same for as long as nothing changes for whoever calls. */
function decisionsMember(decisions: string): string {
  if (decisions !== lastDecisions.value) {
    lastDecisions.text = member(decisions)
    lastDecisions.value = decisions
  }
  return lastDecisions.text
}
const lastDecisions = { value: '', text: '""' }
const between = '\x1e'
const unusual = /["\\\p{Cc}\p{Cs}]/u

export function noteEnds(ended: readonly Ended[]): Statement {
  return { name: 'ledger_note', text: 'select keyloft.note_ends(in_ends => $1)', values: [writeEnds(ended)] }
}

/** @param waits also for what somebody else is posting */
export function postEnds(mostNotes: number, waits: boolean): Statement {
  return {
    name: 'ledger_post',
    text: 'select taken, lowered, faulty from keyloft.post_ends(in_most => $1, in_waits => $2)',
    values: [`${mostNotes}`, `${waits}`],
  }
}

export function renewLeases(calls: readonly Call[], leaseSeconds: number): Statement {
  return {
    name: 'ledger_renew',
    text: 'select keyloft.renew_leases(in_user_ids => $1, in_ids => $2, in_lease_seconds => $3) as renewed',
    values: [column(calls, ({ userId }) => userId), column(calls, ({ id }) => id), `${leaseSeconds}`],
  }
}

export function returnPlaces(free: readonly FreePlaces[]): Statement {
  return {
    name: 'ledger_return',
    text: 'select keyloft.return_places(in_ids => $1, in_free => $2)',
    values: [column(free, ({ id }) => id), column(free, ({ places }) => places)],
  }
}

export function mayReturn(quotaId: string): Statement {
  return { name: 'ledger_may_return', text: 'select keyloft.may_return(in_quota_id => $1) as may_return', values: [quotaId] }
}
