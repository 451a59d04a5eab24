import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { locateOwnDatabase, type OwnDatabase, openOwnDatabase } from '../../server/src/platform/embedded/own-database.ts'

/** Lends a folder that is gone afterwards. The database's user may pass through it. */
export async function withFolder<T>(use: (path: string) => Promise<T>): Promise<T> {
  const path = mkdtempSync(join(tmpdir(), 'keyloft-bench-'))
  chmodSync(path, 0o755)
  try {
    return await use(path)
  } finally {
    rmSync(path, { recursive: true, force: true })
  }
}

/** The embedded PostgreSQL as `keyloft start` runs it, durability included. Made where the folder has none yet. */
export function openIn(path: string, signal: AbortSignal): Promise<OwnDatabase> {
  const place = locateOwnDatabase({ path, isDefault: false })
  return openOwnDatabase(place, { keyring: undefined, holder: `keyloft bench (pid ${process.pid})`, whenRunning: 'refuse', signal })
}

/** Lends one that is new and empty. */
export function withDatabase<T>(signal: AbortSignal, use: (database: OwnDatabase) => Promise<T>): Promise<T> {
  return withFolder(async (folder) => {
    const database = await openIn(join(folder, 'data'), signal)
    try {
      return await use(database)
    } finally {
      await database.stop()
    }
  })
}
