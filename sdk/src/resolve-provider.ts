import type { Keyloft } from './keyloft.ts'
import { KeyloftError } from './keyloft-error.ts'
import type { ReplyOf } from './operation.ts'

type Resolution = ReplyOf<'POST /api/resolve'>

/** What would serve a person's call. */
export interface ResolvedProvider {
  /** Whose protocol to speak: a gateway speaks OpenAI's. */
  provider: string
  /** The model's name there. */
  modelId: string
  credentialSource: Resolution['decisions'][number]['source']
  /** Of the person's own key; null for the operator's. */
  keyId: string | null
  /** Everything that was looked at, with a reason each. */
  resolution: Resolution
}

/**
 * Which key would serve a person's call. It calls no provider and opens no key. The client needs the token of the app's
 * own backend (service_role).
 *
 * ```ts
 * const keyloft = createKeyloft({ url: 'http://127.0.0.1:8787', token: 'eyJ…' })
 * const { provider, modelId } = await resolveProvider(keyloft, '5eed0000-0000-4000-8000-000000000001', 'gpt-4o-mini')
 * ```
 * @throws KeyloftError where nothing serves it, with the code and the sentence that the call would be answered with
 */
export async function resolveProvider(
  keyloft: Pick<Keyloft, 'post'>,
  userId: string,
  modelHint = '',
  { signal }: { signal?: AbortSignal } = {},
): Promise<ResolvedProvider> {
  const resolution = await keyloft.post('/api/resolve', { body: { userId, model: modelHint }, signal })
  const [first] = resolution.decisions
  if (!first) throw asRefused(resolution.refusal)
  const { source, provider, modelId, keyId } = first
  return { provider: source.endsWith('gateway') ? 'openai' : provider, modelId, credentialSource: source, keyId, resolution }
}

/** As the call itself would have been. */
function asRefused(refusal: Resolution['refusal']): KeyloftError {
  const { status = 422, code = 'sdk.unexpected_reply', message, hint, retryAfterSeconds } = refusal ?? {}
  const headers = new Headers({ 'content-type': 'application/problem+json' })
  if (typeof retryAfterSeconds === 'number') headers.set('retry-after', String(retryAfterSeconds))
  return new KeyloftError(new Response(null, { status, headers }), JSON.stringify({ title: message, code, hint: hint ?? undefined }))
}
