import { findAccount } from '../domains/identity/accounts.ts'
import { decide } from '../domains/identity/decide.ts'
import { listQuotas, operatorLimitSchema, type Quota, removeQuota, setByOperator } from '../domains/quotas/quotas.ts'
import type { Database } from '../platform/database/database.ts'
import { SetupError } from '../platform/database/setup-error.ts'
import type { Output } from './output.ts'
import { withDatabase } from './with-database.ts'

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

export async function list(output: Output, { user }: { user: string }): Promise<void> {
  await withDatabase('quotas list', async ({ database }) => {
    const userId = await idOf(database, user)
    const quotas = await database.system('keyloft quotas', (tx) => listQuotas(tx, userId))
    output.result({ quotas }, quotas.length === 0 ? ['No limits.'] : quotas.map(describe))
  })
}

interface SetOptions {
  user: string
  type: string
  provider?: string
  model?: string
  spend: string
  requests?: number
  tokens?: number
  cost?: string
  off?: boolean
}

export async function set(output: Output, { user, type, provider, model, spend, requests, tokens, cost, off }: SetOptions): Promise<void> {
  await withDatabase('quotas set', async ({ database }) => {
    const userId = await idOf(database, user)
    const limits = { requestLimit: requests, tokenLimit: tokens, costLimitUsd: cost }
    const given = operatorLimitSchema.safeParse({ userId, type, provider, model, spend, isActive: !off, ...limits })
    if (!given.success) {
      const [issue] = given.error.issues
      throw new SetupError(`This is no limit: ${issue?.path.join('.')}: ${issue?.message}`, 'keyloft quotas set --help')
    }
    const quota = await database.system('keyloft quotas', async (tx) => {
      const id = await setByOperator(tx, given.data)
      return (await listQuotas(tx, userId)).find((one) => one.id === id)
    })
    output.result({ quota }, quota ? [describe(quota)] : [])
  })
}

export async function remove(output: Output, id: string): Promise<void> {
  if (!uuid.test(id)) throw new SetupError(`${id} is not the id of a limit.`, 'keyloft quotas list --user <who>')
  await withDatabase('quotas remove', async ({ database }) => {
    await database.system('keyloft quotas', (tx) => removeQuota(tx, id, 'operator'))
    output.result({ removed: id }, ['Removed.'])
  })
}

export async function setTier(output: Output, who: string, tier: 'free' | 'pro'): Promise<void> {
  await withDatabase('quotas tier', async ({ database }) => {
    const userId = await idOf(database, who)
    const quotas = await database.system('keyloft quotas', async (tx) => {
      await decide(tx, userId, { tier })
      return listQuotas(tx, userId)
    })
    output.result({ tier, quotas }, [`Tier ${tier}.`, ...quotas.map(describe)])
  })
}

/** By the id alone where accounts are kept elsewhere. */
async function idOf({ pools }: Database, who: string): Promise<string> {
  if (uuid.test(who)) return who.toLowerCase()
  const account = who.includes('@') ? await findAccount(pools.auth, who) : undefined
  if (!account) throw new SetupError(`Nobody here is ${who}.`, 'keyloft users list')
  return account.id
}

const counted = { all: 'of every call', own: 'of calls with their own keys', platform: 'of calls that the platform pays for' } as const
const settler = { operator: '', person: ', set by themselves', key: ', of one key', tier: ', of the tier' } as const

function describe({ id, type, provider, model, spend, setBy, limit, used, reserved, isActive, resetsAt }: Quota): string {
  const of = [provider, model].filter(Boolean).join(' ')
  const line = (name: string, most: number | string | null, gone: number | string, held: number | string) =>
    most === null ? [] : [`${name} ${gone} of ${most}${Number(held) > 0 ? ` (${held} reserved)` : ''}`]
  const parts = [
    ...line('requests', limit.requests, used.requests, reserved.requests),
    ...line('tokens', limit.tokens, used.tokens, reserved.tokens),
    ...line('USD', limit.costUsd, used.costUsd, reserved.costUsd),
  ]
  const name = `${type}${of ? ` ${of}` : ''} ${counted[spend]}${settler[setBy]}`
  return `${id ?? '-'}  ${name}: ${parts.join(', ')}; until ${resetsAt}${isActive ? '' : '; switched off'}`
}
