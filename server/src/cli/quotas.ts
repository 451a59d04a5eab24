import { findAccount } from '../domains/identity/accounts.ts'
import { decide } from '../domains/identity/decide.ts'
import { postNoted } from '../domains/ledger/jobs.ts'
import {
  type Limits,
  listPlatformLimits,
  listQuotas,
  operatorLimitSchema,
  type Quota,
  removeQuota,
  setByOperator,
  setTierLimit,
  tierLimitSchema,
  tierOf,
  type tiers,
} from '../domains/quotas/quotas.ts'
import type { Database } from '../platform/database/database.ts'
import { SetupError } from '../platform/database/setup-error.ts'
import type { Output } from './output.ts'
import { withDatabase } from './with-database.ts'

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

export async function list(output: Output, { user }: { user: string }): Promise<void> {
  await withDatabase('quotas list', async ({ database }) => {
    const userId = await idOf(database, user)
    await postNoted(database)
    const quotas = await database.system('keyloft quotas', async (tx) => listQuotas(tx, userId, await tierOf(tx, userId)))
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
  if (!off && requests === undefined && tokens === undefined && cost === undefined)
    throw new SetupError('Nothing is limited.', 'Give --requests, --tokens or --cost; or --off, to let a limit count nothing.')
  await withDatabase('quotas set', async ({ database }) => {
    const userId = await idOf(database, user)
    const limits = { requestLimit: requests, tokenLimit: tokens, costLimitUsd: cost }
    const given = operatorLimitSchema.safeParse({ userId, type, provider, model, spend, isActive: !off, ...limits })
    if (!given.success) throw noLimit(given.error.issues, 'set')
    await postNoted(database)
    const quota = await database.system('keyloft quotas', async (tx) => {
      const id = await setByOperator(tx, given.data)
      return (await listQuotas(tx, userId, await tierOf(tx, userId))).find((one) => one.id === id)
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
    const { quotas, holds } = await database.system('keyloft quotas', async (tx) => {
      await decide(tx, userId, { tier })
      const holds = await tierOf(tx, userId)
      return { holds, quotas: await listQuotas(tx, userId, holds) }
    })
    const later = holds === tier ? '' : ` Until they have an account, the tier ${holds} holds.`
    output.result({ tier, quotas }, [`Tier ${tier}.${later}`, ...quotas.map(describe)])
  })
}

interface CapOptions {
  type?: 'daily' | 'monthly'
  requests?: number
  tokens?: number
  cost?: string
  off?: boolean
}

/** What everybody of a tier, or all people together, may spend of the operator's money: shown, set, or taken back. */
export async function cap(output: Output, whose: (typeof tiers)[number] | 'platform' | undefined, options: CapOptions): Promise<void> {
  const { type, requests, tokens, cost, off } = options
  const isLimit = requests !== undefined || tokens !== undefined || cost !== undefined
  const isChange = off || isLimit
  if (off && isLimit) throw new SetupError('--off takes a limit back, so it goes with no other.', 'keyloft quotas cap --help')
  if (isChange && (!whose || !type)) throw new SetupError('Say whose limit, and --type daily or monthly.', 'keyloft quotas cap --help')
  await withDatabase('quotas cap', async ({ database }) => {
    const found = await database.system('keyloft quotas', async (tx) => {
      if (isChange && whose && type) await setTierLimit(tx, whose, type, off ? undefined : limitsOf(options))
      const tiers = await tx.selectFrom('quota_tiers').selectAll().orderBy('tier').orderBy('type').execute()
      return { tiers, platform: await listPlatformLimits(tx) }
    })
    output.result(found, [
      ...found.tiers.map(({ tier, type, request_limit, token_limit, cost_limit }) => {
        const parts = [
          request_limit && `${request_limit} requests`,
          token_limit && `${token_limit} tokens`,
          cost_limit && `${cost_limit} USD`,
        ]
        return `${tier}, ${type}, each: ${parts.filter(Boolean).join(', ')}`
      }),
      ...found.platform.map((one) => `all together, ${one.type}: ${amounts(one)}; until ${one.resetsAt}`),
    ])
  })
}

function limitsOf({ requests, tokens, cost }: CapOptions): Limits {
  const given = tierLimitSchema.safeParse({ requestLimit: requests, tokenLimit: tokens, costLimitUsd: cost })
  if (!given.success) throw noLimit(given.error.issues, 'cap')
  return given.data
}

const optionOf: Record<string, string> = { requestLimit: '--requests', tokenLimit: '--tokens', costLimitUsd: '--cost', userId: '--user' }

function noLimit([issue]: readonly { path: readonly PropertyKey[]; message: string }[], command: 'set' | 'cap'): SetupError {
  const field = String(issue?.path[0])
  return new SetupError(`This is no limit: ${optionOf[field] ?? `--${field}`}: ${issue?.message}`, `keyloft quotas ${command} --help`)
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

function describe(quota: Quota): string {
  const { id, type, provider, model, spend, setBy, isActive, resetsAt } = quota
  const of = [provider, model].filter(Boolean).join(' ')
  const name = `${type}${of ? ` ${of}` : ''} ${counted[spend]}${settler[setBy]}`
  return `${id ?? '-'}  ${name}: ${amounts(quota)}; until ${resetsAt}${isActive ? '' : '; switched off'}`
}

function amounts({ limit, used, reserved }: Pick<Quota, 'limit' | 'used' | 'reserved'>): string {
  const line = (name: string, most: number | string | null, gone: number | string, held: number | string) =>
    most === null ? [] : [`${name} ${gone} of ${most}${Number(held) > 0 ? ` (${held} reserved)` : ''}`]
  return [
    ...line('requests', limit.requests, used.requests, reserved.requests),
    ...line('tokens', limit.tokens, used.tokens, reserved.tokens),
    ...line('USD', limit.costUsd, used.costUsd, reserved.costUsd),
  ].join(', ')
}
