import { randomUUID } from 'node:crypto'
import { Hidden } from '../../server/src/base/hidden.ts'
import { userPrincipal } from '../../server/src/base/principal.ts'
import { createProviders } from '../../server/src/domains/providers/providers.ts'
import { createResolver } from '../../server/src/domains/resolver/resolver.ts'
import { usualOrder } from '../../server/src/domains/resolver/sources.ts'
import { createEgress } from '../../server/src/platform/egress/egress.ts'
import { generateRootKeys, parseKeyring, sealWithRootKey } from '../../server/src/platform/sealing/keyring.ts'
import { createSecrets } from '../../server/src/platform/secrets/secrets.ts'
import { createMetrics } from '../../server/src/platform/telemetry/metrics.ts'
import { type Figure, figureOf } from './figures.ts'
import { race } from './race.ts'

const batch = 200

/**
 * Choosing the key for a call, and opening it, for a person with three keys of their own beside two of the operator's:
 * what is known of them in memory. Against an empty promise, which is what asking at all costs.
 */
export async function resolver(signal: AbortSignal): Promise<Figure[]> {
  const userId = randomUUID()
  const keyring = parseKeyring(generateRootKeys())
  const wrapped = sealWithRootKey(keyring, ['data key', userId, '1'], Buffer.alloc(32, 7).toString('base64'))
  const database = { system: async () => [{ version: 1, wrapped }] as never, systemOnce }
  const secrets = createSecrets({ database, keyring, clock: Date.now })
  const seal = (provider: string, host: string) => secrets.seal({ userId, kind: 'provider key', provider, host }, `sk-${'0'.repeat(100)}`)
  const hosts = { openai: 'api.openai.com', anthropic: 'api.anthropic.com', openrouter: 'openrouter.ai' }
  const keys = await Promise.all(
    Object.entries(hosts).map(async ([service, host]) => ({
      ...{ id: randomUUID(), service, is_enabled: true, is_valid: true, daily_limit: null, monthly_limit: null },
      secret: await seal(service, host),
    })),
  )
  async function systemOnce(job: string): Promise<Record<string, unknown>> {
    return job.includes('catalogue') ? { rows: [] } : { settings: null, gateway_base_url: null, keys }
  }
  const serverKeys = { openai: new Hidden('sk-of-the-server'), gateway: new Hidden('vck_of-the-team') }
  const { resolve } = createResolver({
    settings: { order: usualOrder, serverKeys },
    database,
    secrets,
    providers: createProviders({ baseUrls: {}, added: {} }),
    egress: createEgress(),
    signals: { isLive: () => true, onChanged: () => {} },
    clock: Date.now,
    metrics: createMetrics(),
  })
  const principal = userPrincipal(userId)
  const wanted = { model: 'gpt-4o-mini', protocol: 'chat.completions' } as const
  const { candidates } = await resolve(principal, wanted)
  if (candidates.length !== 4) throw new Error(`${candidates.length} candidates`)

  const rates = await race(
    {
      resolved: async () => {
        for (let i = 0; i < batch; i++) await resolve(principal, wanted)
      },
      opened: async () => {
        for (let i = 0; i < batch; i++) (await resolve(principal, wanted)).candidates[0]?.authHeaders()
      },
      nothing: async () => {
        for (let i = 0; i < batch; i++) await Promise.resolve(wanted)
      },
    },
    { lanes: 1, rounds: 9, sliceMs: 100, signal },
  )
  const perSecond = (values: number[]) => values.map((rate) => rate * batch)
  const against = { what: 'an empty promise', values: perSecond(rates.nothing) }
  return [
    figureOf({ what: 'choosing a key', unit: 'per second', bar: { on: 'value', atLeast: 300_000 } }, perSecond(rates.resolved), against),
    figureOf(
      { what: 'choosing and opening it', unit: 'per second', bar: { on: 'value', atLeast: 60_000 } },
      perSecond(rates.opened),
      against,
    ),
  ]
}
