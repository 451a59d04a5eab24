import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadMigrations, migrationBook } from './migrations.ts'
import { SetupError } from './setup-error.ts'

const bookName = '20261120000000_keyloft_migration_book'

/**
 * Writes the migrations as the Supabase CLI wants them, each entering itself in our book, so that afterwards
 * `keyloft migrate status` knows what was pushed. What Supabase has already is entered and not made.
 */
export function exportForSupabase(folder: string): string[] {
  const entry = ({ name, sha256, breaking }: { name: string; sha256: string; breaking: boolean }) => `
reset role;
insert into keyloft_migrations.applied (name, timestamp) values ('${name}', to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'));
insert into keyloft_migrations.files (name, sha256, breaking) values ('${name}', '${sha256}', ${breaking});
`
  const files = [
    { file: `${bookName}.sql`, text: migrationBook() },
    ...loadMigrations().map((migration) => ({
      file: `${migration.name}.sql`,
      text: (migration.notOnSupabase ? '-- Supabase has this already.\n' : migration.up) + entry(migration),
    })),
  ]
  mkdirSync(folder, { recursive: true })
  const present = new Set(readdirSync(folder))
  const clash = files.find(({ file }) => present.has(file))
  if (clash) throw new SetupError(`${join(folder, clash.file)} exists already.`, 'Choose an empty folder, or move the files away.')
  for (const { file, text } of files) writeFileSync(join(folder, file), text)
  return files.map(({ file }) => file)
}
