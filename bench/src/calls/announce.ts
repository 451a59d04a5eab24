import type { Profiler } from 'node:inspector'
import { Session } from 'node:inspector/promises'

/** What a process of the bench says of itself, and what it is asked. */
export interface Announcement {
  url: string
  headers: Record<string, string>
}
export interface Spent {
  cpuMs: number
  memoryMb: number
  /** One insert and its commit, alone: the median of some hundred. Of whoever has a database. */
  commitMs?: number
  /** Of the time since it was asked to begin one. */
  profile?: Profiler.Profile
}
export type Asked = 'spent' | 'commit' | 'begin profile' | 'end profile'

const profileEveryMicroseconds = 100

/** Tells the parent where this process listens, and what it has spent whenever it is asked. Ends with its parent. */
export function announce(port: number, headers: Record<string, string> = {}, measureCommit?: () => Promise<number>) {
  const announcement: Announcement = { url: `http://127.0.0.1:${port}`, headers }
  let session: Session | undefined
  process.send?.(announcement)
  process.on('disconnect', () => setTimeout(() => process.exit(0), 3_000))
  process.on('message', async (asked: Asked) => {
    const { user, system } = process.cpuUsage()
    const spent: Spent = { cpuMs: (user + system) / 1_000, memoryMb: process.memoryUsage().rss / 2 ** 20 }
    if (asked === 'commit' && measureCommit) spent.commitMs = await measureCommit()
    if (asked === 'begin profile') session = await beginProfile()
    if (asked === 'end profile' && session) {
      spent.profile = (await session.post('Profiler.stop')).profile
      session.disconnect()
    }
    process.send?.(spent)
  })
}

async function beginProfile(): Promise<Session> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: profileEveryMicroseconds })
  await session.post('Profiler.start')
  return session
}
