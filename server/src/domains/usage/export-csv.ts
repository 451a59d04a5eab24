import { Readable } from 'node:stream'
import type { Principal } from '../../base/principal.ts'
import type { Database } from '../../platform/database/database.ts'
import type { Place } from '../../platform/http/pages.ts'
import { type CallFilter, type ListedCall, listCalls } from './calls.ts'

const pageRows = 1_000

const columns: Record<string, (row: ListedCall) => string | number | null> = {
  id: ({ id }) => id,
  request_id: ({ request_id }) => request_id,
  started_at: ({ started_at }) => started_at.toISOString(),
  ended_at: ({ ended_at }) => ended_at?.toISOString() ?? null,
  operation: ({ operation }) => operation,
  provider: ({ provider }) => provider,
  model: ({ model }) => model,
  credential_source: ({ credential_source }) => credential_source,
  key_id: ({ key_id }) => key_id,
  token_id: ({ token_id }) => token_id,
  outcome: ({ outcome }) => outcome,
  status: ({ status }) => status,
  first_byte_ms: ({ first_byte_ms }) => first_byte_ms,
  input_tokens: ({ input_tokens }) => input_tokens,
  cached_input_tokens: ({ cached_input_tokens }) => cached_input_tokens,
  cache_write_5m_tokens: ({ cache_write_5m_tokens }) => cache_write_5m_tokens,
  cache_write_1h_tokens: ({ cache_write_1h_tokens }) => cache_write_1h_tokens,
  audio_input_tokens: ({ audio_input_tokens }) => audio_input_tokens,
  output_tokens: ({ output_tokens }) => output_tokens,
  reasoning_tokens: ({ reasoning_tokens }) => reasoning_tokens,
  audio_output_tokens: ({ audio_output_tokens }) => audio_output_tokens,
  images: ({ images }) => images,
  searches: ({ searches }) => searches,
  usage_basis: ({ usage_basis }) => usage_basis,
  cost_usd: ({ cost_usd }) => cost_usd,
}

/**
 * Newest first. A page is read when the one before it has left, so that neither rows nor a connection wait for a slow
 * reader; the first before anything leaves, so that what cannot be read at all is refused in words and not cut off.
 */
export async function exportCsv(
  database: Pick<Database, 'readAs'>,
  principal: Principal,
  filter: CallFilter,
  nowMs: number,
): Promise<Readable> {
  const readAfter = (after: Place | undefined) => listCalls(database, principal, filter, { after, limit: pageRows, nowMs })
  return Readable.from(linesOf(await readAfter(undefined), readAfter), { objectMode: false, highWaterMark: 1 })
}

async function* linesOf(first: ListedCall[], readAfter: (after: Place | undefined) => Promise<ListedCall[]>) {
  yield `${Object.keys(columns).join(',')}\r\n`
  for (let rows = first; ; rows = await readAfter(rows.at(-1))) {
    if (rows.length > 0) yield rows.map(toLine).join('')
    if (rows.length < pageRows) return
  }
}

const toLine = (row: ListedCall) =>
  `${Object.values(columns)
    .map((read) => toCell(read(row)))
    .join(',')}\r\n`

/** RFC 4180. What a spreadsheet would take for a formula gets an apostrophe before it: names come from outside. */
export function toCell(value: string | number | null): string {
  if (value === null) return ''
  const text = /^[=+\-@＝＋－＠\t\r\n]/.test(`${value}`) ? `'${value}` : `${value}`
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
