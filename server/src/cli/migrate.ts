import { createInterface } from 'node:readline/promises'
import { exportForSupabase } from '../platform/database/export-supabase.ts'
import { ensureLogins } from '../platform/database/logins.ts'
import { type MigrationState, migrateDown, migrateUp, migrationStatus } from '../platform/database/migrator.ts'
import { SetupError } from '../platform/database/setup-error.ts'
import { verifyDatabase } from '../platform/database/verify.ts'
import { reportChecks } from './checks.ts'
import type { Output } from './output.ts'
import { withOwner } from './with-owner.ts'

const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`

export async function up(output: Output): Promise<void> {
  await withOwner('migrate up', { needsRootKeys: true }, async ({ owner, config, keyring }) => {
    const applied = await migrateUp(owner, { onStep: (name) => output.progress(`  applying ${name}`) })
    const given = config.database.kind === 'external' && config.database.loginUrls
    if (!given && keyring) await ensureLogins(owner, keyring)
    output.result({ applied }, [applied.length === 0 ? 'The database is up to date.' : `${plural(applied.length, 'migration')} applied.`])
  })
}

export async function down(output: Output, count: number, confirmed: boolean): Promise<void> {
  await withOwner('migrate down', { needsRootKeys: false }, async ({ owner }) => {
    const applied = (await migrationStatus(owner)).filter(({ state }) => state === 'applied').map(({ name }) => name)
    const going = applied.slice(-count).reverse()
    if (going.length > 0 && !confirmed && !(await confirm(going, output)))
      throw new SetupError('Nothing was taken back.', 'Say --yes to take back migrations, and the data of their tables with them.')
    const reverted = await migrateDown(owner, going.length, { onStep: (name) => output.progress(`  taking back ${name}`) })
    output.result({ reverted }, [
      reverted.length === 0 ? 'There was nothing to take back.' : `${plural(reverted.length, 'migration')} taken back.`,
    ])
  })
}

async function confirm(going: readonly string[], output: Output): Promise<boolean> {
  if (output.json || !process.stdin.isTTY) return false
  const prompt = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await prompt.question(`Take back ${going.join(', ')}, with all data in their tables? Type yes: `)
  prompt.close()
  return answer.trim() === 'yes'
}

export async function status(output: Output): Promise<void> {
  await withOwner('migrate status', { needsRootKeys: false }, async ({ owner }) => {
    const migrations = await migrationStatus(owner)
    const words: Record<MigrationState, string> = {
      applied: 'applied',
      pending: 'pending',
      changed: 'CHANGED since it was applied',
      unknown: 'unknown to this version',
    }
    output.result(
      { migrations },
      migrations.map(({ name, state, breaking }) => `${name}  ${words[state]}${breaking ? ', breaking change' : ''}`),
    )
  })
}

export async function verify(output: Output): Promise<void> {
  await withOwner('migrate verify', { needsRootKeys: false }, async ({ owner }) => {
    reportChecks(output, await verifyDatabase(owner))
  })
}

export async function exportSupabase(output: Output, folder: string): Promise<void> {
  const files = exportForSupabase(folder)
  output.result({ folder, files }, [
    ...files.map((file) => `  ${file}`),
    `${plural(files.length, 'file')} written. Push them with the Supabase CLI, then run: keyloft migrate up`,
  ])
}
