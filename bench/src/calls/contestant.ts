import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Announcement, Asked, Spent } from './announce.ts'
import { type Loaded, load } from './load.ts'

/** A process that answers calls, and what it spends on them. */
export interface Contestant {
  announced: Announcement
  spent(asked?: Asked): Promise<Spent>
  end(): void
}

export interface Shape {
  streams: boolean
  paced?: boolean
}

export type Round = Loaded & { cpuMicroseconds: number }

/** The flags of `npm start` and of the installed command. */
export const asNpmStarts = ['--heap-growing-percent=50', '--expose-gc']

/** With the flags of `npm start`. */
export async function beginProcess(name: string, args: string[], signal: AbortSignal): Promise<Contestant> {
  const child: ChildProcess = fork(join(import.meta.dirname, `${name}.ts`), args, { execArgv: asNpmStarts })
  const [announced] = (await Promise.race([
    once(child, 'message', { signal }),
    once(child, 'exit').then(() => Promise.reject(new Error(`${name} ended before it was ready`))),
  ])) as [Announcement]
  return {
    announced,
    async spent(asked = 'spent') {
      child.send(asked)
      const [spent] = (await once(child, 'message', { signal })) as [Spent]
      return spent
    },
    end: () => child.connected && child.disconnect(),
  }
}

/** More than what anybody puts off: we post to the books a fifth of a second later. */
const putOffMs = 400

/**
 * Calls for so long, over so many connections. Calls before it leave to it what their contestant puts off, as it leaves
 * that of its own last ones; and nobody's is left to the contestant that comes next.
 */
export async function measure(
  { announced, spent }: Contestant,
  { lanes, forMs, spreadMs, ...shape }: Shape & { lanes: number; forMs: number; spreadMs?: number },
): Promise<Round> {
  const request = requestOf(shape, announced.headers)
  const port = Number(new URL(announced.url).port)
  await load(request, port, { lanes, forMs: putOffMs })
  const before = await spent()
  const loaded = await load(request, port, { lanes, forMs, ...(spreadMs === undefined ? {} : { spreadMs }) })
  const after = await spent()
  await sleep(putOffMs)
  return { ...loaded, cpuMicroseconds: ((after.cpuMs - before.cpuMs) * 1_000) / loaded.calls }
}

/** About 600 bytes of body, as a short chat has. */
function requestOf({ streams, paced = false }: Shape, headers: Record<string, string>): Buffer {
  const messages = [
    { role: 'system', content: 'You are brief. '.repeat(12) },
    { role: 'user', content: 'What is it? '.repeat(24) },
  ]
  const body = JSON.stringify({
    model: 'gpt-4o-mini',
    messages,
    temperature: 0.2,
    ...(streams ? { stream: true } : {}),
    ...(paced ? { paced } : {}),
  })
  const all = { host: '127.0.0.1', 'content-type': 'application/json', 'content-length': String(body.length), ...headers }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(`POST /v1/chat/completions HTTP/1.1\r\n${lines.join('')}\r\n${body}`)
}
