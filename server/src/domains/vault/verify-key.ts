import type { Destination } from '../../platform/egress/destination.ts'
import type { Egress } from '../../platform/egress/egress.ts'
import { authHeader, type Provider } from '../providers/providers.ts'
import { vaultErrors } from './errors.ts'

const SECOND = 1_000
const longestMs = 10 * SECOND
const mostBytes = 1_024 * 1_024

/** What the provider made of a key, in our words: theirs may quote it. */
export type Verification = 'valid' | 'refused' | 'unreachable' | 'unexpected_answer'

/** Asks the provider whether it takes the key. Holds no database connection while it waits. */
export async function askProvider(egress: Egress, provider: Provider, base: Destination, key: string): Promise<Verification> {
  const path = verifyPathAt(provider, base)
  if (path === undefined) throw vaultErrors.not_verifiable()
  try {
    const { status } = await egress.request(base.at(path), {
      headers: { ...provider.headers, ...authHeader(provider, key), accept: 'application/json' },
      totalTimeoutMs: longestMs,
      bodyBytes: mostBytes,
    })
    if (status >= 200 && status < 300) return 'valid'
    return status === 401 || status === 403 ? 'refused' : 'unexpected_answer'
  } catch {
    return 'unreachable'
  }
}

/** A gateway of a person's own is OpenAI-compatible and need not know Vercel's paths. */
function verifyPathAt({ id, verifyPath }: Provider, base: Destination): string | undefined {
  return id === 'gateway' && base.namedBy === 'user' && base.hostname !== 'ai-gateway.vercel.sh' ? '/models' : verifyPath
}
