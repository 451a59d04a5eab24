import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** Where `.env` and `.keyloft/` lie: the root of a checkout when this program runs from one, else the current folder. */
export function projectFolder(): string {
  const root = join(import.meta.dirname, '../../..')
  return existsSync(join(root, 'server/sql')) && existsSync(join(root, 'package-lock.json')) ? root : process.cwd()
}
