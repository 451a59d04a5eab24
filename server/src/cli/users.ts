import { type Account, findAccount, listAccounts } from '../domains/identity/accounts.ts'
import { type Decision, decide } from '../domains/identity/decide.ts'
import { createDatabase, type Database } from '../platform/database/database.ts'
import { ensureLogins } from '../platform/database/logins.ts'
import { authIsForeign, migrationStatus } from '../platform/database/migrator.ts'
import { SetupError } from '../platform/database/setup-error.ts'
import { readCursor, toPage } from '../platform/http/pages.ts'
import type { Output } from './output.ts'
import { withOwner } from './with-owner.ts'

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const day = (date: Date | null) => date?.toISOString().slice(0, 10) ?? '-'

export async function list(output: Output, { limit, cursor }: { limit: number; cursor?: string }): Promise<void> {
  await withDatabase('users list', async ({ pools }) => {
    const rows = await listAccounts(pools.auth, { after: readCursor(cursor), limit })
    const { items, nextCursor } = toPage(rows, limit, ({ at: _, ...account }) => account)
    output.result({ users: items, nextCursor }, [
      ...items.map((account) => `${account.id}  ${day(account.createdAt)}  ${account.email}${marks(account)}`),
      ...(items.length === 0 ? ['Nobody has an account yet.'] : []),
      ...(nextCursor ? [`More: keyloft users list --cursor ${nextCursor}`] : []),
    ])
  })
}

export async function show(output: Output, who: string): Promise<void> {
  await withDatabase('users show', async (database) => tell(output, await find(database, who)))
}

/** Whatever is decided is written into the audit, and servers that run hear of it at once. */
export async function decideOf(output: Output, command: string, who: string, decision: Decision): Promise<void> {
  await withDatabase(`users ${command}`, async (database) => {
    const { id } = await find(database, who)
    await database.system('keyloft users', (tx) => decide(tx, id, decision))
    tell(output, await find(database, id))
  })
}

async function find({ pools }: Database, who: string): Promise<Account> {
  if (!who.includes('@') && !uuid.test(who)) throw new SetupError(`${who} is neither an id nor an e-mail address.`, 'keyloft users list')
  const account = await findAccount(pools.auth, who)
  if (!account) throw new SetupError(`Nobody here is ${who}.`, 'keyloft users list')
  return account
}

function tell(output: Output, account: Account) {
  output.result({ user: account }, [
    `${account.email}  ${account.id}`,
    `  Name      ${account.name || '-'}${account.username ? ` (@${account.username})` : ''}`,
    `  Since     ${day(account.createdAt)}`,
    `  Tier      ${account.tier}${account.isAdmin ? ', admin' : ''}`,
    ...(account.disabledAt ? [`  Disabled  ${day(account.disabledAt)}${account.disabledReason ? `: ${account.disabledReason}` : ''}`] : []),
    ...(account.deactivatedAt ? [`  Closed    ${day(account.deactivatedAt)} by themselves, erased after ${day(account.eraseAfter)}`] : []),
  ])
}

function marks({ tier, isAdmin, disabledAt, deactivatedAt }: Account): string {
  const found = [tier === 'free' ? '' : tier, isAdmin ? 'admin' : '', disabledAt ? 'disabled' : '', deactivatedAt ? 'closed' : '']
  return found.some(Boolean) ? `  (${found.filter(Boolean).join(', ')})` : ''
}

async function withDatabase(command: string, work: (database: Database) => Promise<void>): Promise<void> {
  await withOwner(command, { needsRootKeys: true }, async ({ owner, config, keyring }) => {
    if ((await migrationStatus(owner)).some(({ state }) => state === 'pending'))
      throw new SetupError('The database is not migrated.', 'Run: keyloft migrate up')
    if (await authIsForeign(owner.db))
      throw new SetupError('Accounts are kept by Supabase here.', 'Look there; tiers are in the table user_standing.')
    const given = config.database.kind === 'external' ? config.database.loginUrls : undefined
    const urls = given ?? (keyring && (await ensureLogins(owner, keyring)))
    if (!urls) throw new SetupError('This needs the root keys.', 'Set KEYLOFT_ROOT_KEYS.')
    const database = createDatabase(urls, { poolSize: 1, onError: () => {} })
    try {
      await work(database)
    } finally {
      await database.end()
    }
  })
}
