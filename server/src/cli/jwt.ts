import type { Role } from '../base/principal.ts'
import { readConfig } from '../config.ts'
import { signJwt } from '../domains/identity/sign-jwt.ts'
import { SetupError } from '../platform/database/setup-error.ts'
import type { Output } from './output.ts'
import { projectFolder } from './project-folder.ts'

const secondsOf: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400 }
const longestSeconds = 3_650 * 86_400
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Asks no database: whoever has JWT_SECRET may sign for anybody. The token alone goes to stdout, so that it can be piped. */
export async function jwt(output: Output, options: { role: string; user?: string; ttl: string }): Promise<void> {
  const role = options.role as Role
  if (role === 'authenticated' && options.user === undefined) {
    throw new SetupError('The role authenticated is somebody’s.', 'Say whose: --user <id>.')
  }
  if (role !== 'authenticated' && options.user !== undefined) {
    throw new SetupError(`The role ${role} is nobody’s.`, 'Leave --user out, or use --role authenticated.')
  }
  if (options.user !== undefined) requireUserId(options.user)
  const ttlSeconds = readTtl(options.ttl)
  const { jwtSecret } = readConfig(projectFolder(), { needsRootKeys: false }).auth
  if (jwtSecret === undefined)
    throw new SetupError('JWT_SECRET is not set.', 'Set it where the server reads it: JWT_SECRET=$(openssl rand -base64 48)')
  const { jwt, expiresAt } = await signJwt(jwtSecret, { role, userId: options.user, ttlSeconds }, Date.now)
  output.result({ jwt, role, userId: options.user ?? null, expiresAt: expiresAt.toISOString() }, [jwt])
}

export function requireUserId(text: string) {
  if (!uuid.test(text)) throw new SetupError('That is not the id of a user.', 'Ids look like 5eed0000-0000-4000-8000-000000000001.')
}

function readTtl(text: string): number {
  const [, count, unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? []
  const seconds = Number(count) * (secondsOf[unit] ?? Number.NaN)
  if (!(seconds >= 1 && seconds <= longestSeconds))
    throw new SetupError('That is no time from 1s to 3650d.', 'Write --ttl 15m, --ttl 1h or --ttl 30d.')
  return seconds
}
