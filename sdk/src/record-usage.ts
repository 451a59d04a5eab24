import type { Keyloft } from './keyloft.ts'
import type { ReplyOf, RequestOf } from './operation.ts'

type Stated = RequestOf<'POST /api/profile/usage'>['body']

export interface UsageToRecord extends Omit<Stated, 'userId' | 'provider' | 'model'> {
  /** Your own name for the call, up to 255 visible characters. Sent again with the same, it is written once. */
  key?: string | undefined
  signal?: AbortSignal | undefined
}

/**
 * Writes down a call that was made past Keyloft, with the usage you state, priced like any other. The client needs the
 * token of the app's own backend (service_role).
 *
 * ```ts
 * const keyloft = createKeyloft({ url: 'http://127.0.0.1:8787', token: 'eyJ…' })
 * const { costUsd } = await recordUsage(keyloft, '5eed0000-0000-4000-8000-000000000001', 'openai', 'gpt-4o-mini', {
 *   key: 'order-4711',
 *   inputTokens: 1200,
 *   outputTokens: 80,
 * })
 * ```
 * @returns the call as it was written
 */
export async function recordUsage(
  keyloft: Pick<Keyloft, 'post'>,
  userId: string,
  provider: string,
  model: string,
  { key, signal, ...stated }: UsageToRecord = {},
): Promise<ReplyOf<'POST /api/profile/usage'>> {
  const body = { ...stated, userId, provider, model }
  return keyloft.post('/api/profile/usage', {
    body,
    ...(key === undefined ? {} : { idempotencyKey: key }),
    ...(signal === undefined ? {} : { signal }),
  })
}
