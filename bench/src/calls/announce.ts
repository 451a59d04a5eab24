import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a process of the bench says of itself, and what it is asked. */
export interface Announcement {
  url: string
  headers: Record<string, string>
}
export interface Spent {
  cpuMs: number
  memoryMb: number
}

/** Tells the parent where this process listens, and what it has spent whenever it is asked. Ends with its parent. */
export function announce(server: Server, headers: Record<string, string> = {}) {
  const announcement: Announcement = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, headers }
  process.send?.(announcement)
  process.on('disconnect', () => setTimeout(() => process.exit(0), 3_000))
  process.on('message', () => {
    const { user, system } = process.cpuUsage()
    const spent: Spent = { cpuMs: (user + system) / 1_000, memoryMb: process.memoryUsage().rss / 2 ** 20 }
    process.send?.(spent)
  })
}
