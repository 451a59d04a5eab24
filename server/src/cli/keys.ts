import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { userPrincipal } from '../base/principal.ts'
import { createProviders } from '../domains/providers/providers.ts'
import type { ProviderKey } from '../domains/vault/provider-key.ts'
import { createVault, type Vault } from '../domains/vault/vault.ts'
import type { Asked } from '../platform/database/database.ts'
import type { Owner } from '../platform/database/owner.ts'
import { SetupError } from '../platform/database/setup-error.ts'
import { createEgress } from '../platform/egress/egress.ts'
import { createSecrets } from '../platform/secrets/secrets.ts'
import { createMetrics } from '../platform/telemetry/metrics.ts'
import type { Output } from './output.ts'
import { readSecret } from './read-secret.ts'
import { withDatabase } from './with-database.ts'

export async function list(output: Output, { user }: { user: string }): Promise<void> {
  await withKeys('keys list', user, async ({ keys }, { principal }) => {
    const all = await keys.list(principal, undefined)
    output.result({ keys: all }, all.length === 0 ? ['No keys.'] : all.map(describe))
  })
}

interface AddOptions {
  user: string
  provider: string
  name?: string
  baseUrl?: string
  verify?: boolean
}

export async function add(output: Output, { user, provider, name, baseUrl, verify }: AddOptions): Promise<void> {
  const apiKey = await readSecret(`The key of ${provider} (not shown): `)
  await withKeys('keys add', user, async ({ keys }, asked) => {
    const key = await keys.add(asked, { provider, apiKey, keyName: name, baseUrl, verify })
    output.result({ key }, [describe(key)])
  })
}

export async function verify(output: Output, id: string, { user }: { user: string }): Promise<void> {
  await withKeys('keys verify', user, async ({ keys }, asked) => {
    const key = await keys.verify(asked, requireId(id))
    output.result({ key }, [describe(key)])
    if (key.validationError) process.exitCode = 1
  })
}

export async function remove(output: Output, id: string, { user }: { user: string }): Promise<void> {
  await withKeys('keys remove', user, async ({ keys }, asked) => {
    const removal = await keys.remove(asked, requireId(id), { dryRun: false })
    const { provider, nextKey, remainingKeys } = removal
    const next = nextKey ? `${remainingKeys} left; the next is ${nextKey.keyName || nextKey.id}` : 'none is left'
    output.result({ removal }, [`Deleted. Of ${provider} ${next}.`])
  })
}

function describe({ id, provider, keyName, keyHint, isEnabled, isValid, validationError, lastVerifiedAt }: ProviderKey): string {
  const verified = lastVerifiedAt ? `verified ${lastVerifiedAt.slice(0, 10)}` : 'never verified'
  const state = isValid ? verified : 'refused by the provider'
  const trouble = validationError && isValid ? ` (last try: ${validationError.replace('_', ' ')})` : ''
  return `${id}  ${provider}${keyName ? ` "${keyName}"` : ''}  …${keyHint}  ${isEnabled ? '' : 'disabled, '}${state}${trouble}`
}

function requireId(id: string): string {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)) return id
  throw new SetupError(`${id} is not the id of a key.`, 'Ids are as `keyloft keys list` shows them.')
}

async function withKeys(command: string, user: string, work: (vault: Vault, asked: Asked) => Promise<void>): Promise<void> {
  await withDatabase(command, async ({ owner, config, database, keyring }) => {
    const egress = createEgress(config.egress)
    try {
      const secrets = createSecrets({ database, keyring, clock: Date.now })
      const providers = createProviders(config.providers)
      const vault = createVault({ database, secrets, providers, egress, clock: Date.now, metrics: createMetrics() })
      const principal = userPrincipal(await findUser(owner, user))
      await work(vault, { principal, requestId: randomUUID(), byOperator: true })
    } finally {
      await egress.close()
    }
  })
}

async function findUser({ db }: Owner, idOrEmail: string): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    select id from auth.users where id::text = lower(${idOrEmail}) or email = lower(${idOrEmail})`.execute(db)
  if (!rows[0]) throw new SetupError(`There is nobody called ${idOrEmail}.`, 'Give the id or the e-mail address of a person.')
  return rows[0].id
}
