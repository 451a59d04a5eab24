import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Announcement, Spent } from './calls/announce.ts'
import { type Loaded, load } from './calls/load.ts'
import { type Bar, type Figure, figureOf } from './figures.ts'

/*
 * Calls through the whole server, against a bare Node proxy, in front of the same mock provider: JSON and streams, one
 * connection and 64, in rounds that take turns. Every process has the flags of `npm start`, and shares the machine with
 * the others, with the load and with PostgreSQL.
 */

const rounds = 5
const sliceMs = 1_000
const asNpmStarts = ['--max-semi-space-size=4']
const bar: Bar = { on: 'ratio', atLeast: 0.5 }

interface Contestant {
  announced: Announcement
  spent(): Promise<Spent>
  end(): void
}
type Round = Loaded & { cpuMicroseconds: number }

export async function calls(signal: AbortSignal): Promise<Figure[]> {
  const begun: Contestant[] = []
  const begin = async (name: string, ...args: string[]) => {
    const contestant = await beginProcess(name, args, signal)
    begun.push(contestant)
    return contestant
  }
  try {
    const { url } = (await begin('mock')).announced
    const contestants = { bare: await begin('bare-proxy', url), ours: await begin('ours', url) }
    const figures: Figure[] = []
    for (const lanes of [1, 64]) {
      for (const streams of [false, true]) figures.push(...(await compare(contestants, { lanes, streams, signal })))
    }
    const { memoryMb } = await contestants.ours.spent()
    const bareMemory = (await contestants.bare.spent()).memoryMb
    const memory = { what: 'memory after all calls', unit: 'MB' as const, bar: { on: 'value', atMost: 256 } satisfies Bar }
    return [...figures, figureOf(memory, [memoryMb], { what: 'bare proxy', values: [bareMemory] })]
  } finally {
    for (const contestant of begun) contestant.end()
  }
}

async function compare(
  contestants: { bare: Contestant; ours: Contestant },
  { lanes, streams, signal }: { lanes: number; streams: boolean; signal: AbortSignal },
): Promise<Figure[]> {
  const seen: { bare: Round[]; ours: Round[] } = { bare: [], ours: [] }
  for (let round = -1; round < rounds; round++) {
    for (const name of ['bare', 'ours'] as const) {
      signal.throwIfAborted()
      const measured = await measure(contestants[name], streams, lanes)
      if (round >= 0) seen[name].push(measured) // what is compiled once is by now
    }
  }
  const what = `${streams ? 'SSE' : 'JSON'} at ${lanes === 1 ? 'one connection' : `${lanes} connections`}`
  const figure = (part: string, unit: Figure['unit'], pick: (round: Round) => number, limit?: Bar) =>
    figureOf({ what: `${what}, ${part}`, unit, ...(limit ? { bar: limit } : {}) }, seen.ours.map(pick), {
      what: 'bare proxy',
      values: seen.bare.map(pick),
    })
  return [
    figure('calls', 'per second', ({ perSecond }) => perSecond, lanes === 64 ? bar : undefined),
    figure('p50', 'ms', ({ p50Ms }) => p50Ms),
    figure('p99', 'ms', ({ p99Ms }) => p99Ms),
    figure('CPU a call', 'µs', ({ cpuMicroseconds }) => cpuMicroseconds),
  ]
}

async function measure({ announced, spent }: Contestant, streams: boolean, lanes: number): Promise<Round> {
  const before = await spent()
  const loaded = await load(requestOf(streams, announced.headers), Number(new URL(announced.url).port), { lanes, forMs: sliceMs })
  const after = await spent()
  return { ...loaded, cpuMicroseconds: ((after.cpuMs - before.cpuMs) * 1_000) / loaded.calls }
}

/** About 600 bytes of body, as a short chat has. */
function requestOf(streams: boolean, headers: Record<string, string>): Buffer {
  const messages = [
    { role: 'system', content: 'You are brief. '.repeat(12) },
    { role: 'user', content: 'What is it? '.repeat(24) },
  ]
  const body = JSON.stringify({ model: 'gpt-4o-mini', messages, temperature: 0.2, ...(streams ? { stream: true } : {}) })
  const all = { host: '127.0.0.1', 'content-type': 'application/json', 'content-length': String(body.length), ...headers }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(`POST /v1/chat/completions HTTP/1.1\r\n${lines.join('')}\r\n${body}`)
}

async function beginProcess(name: string, args: string[], signal: AbortSignal): Promise<Contestant> {
  const child: ChildProcess = fork(join(import.meta.dirname, 'calls', `${name}.ts`), args, { execArgv: asNpmStarts })
  const [announced] = (await Promise.race([
    once(child, 'message', { signal }),
    once(child, 'exit').then(() => Promise.reject(new Error(`${name} ended before it was ready`))),
  ])) as [Announcement]
  return {
    announced,
    async spent() {
      child.send('spent')
      const [spent] = (await once(child, 'message', { signal })) as [Spent]
      return spent
    },
    end: () => child.connected && child.disconnect(),
  }
}
