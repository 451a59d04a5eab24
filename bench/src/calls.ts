import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Announcement, Spent } from './calls/announce.ts'
import { type Loaded, load } from './calls/load.ts'
import { type Bar, type Figure, figureOf } from './figures.ts'

/*
 * Calls through the whole server, against a bare Node proxy and Portkey's gateway, in front of the same mock provider:
 * JSON and streams, one connection and 64, in rounds that take turns; then 200 streams as slow as a model speaks. Every process has the flags of `npm start`, and shares the machine with
 * the others, with the load and with PostgreSQL.
 */

const rounds = 7
const sliceMs = 1_000
const asNpmStarts = ['--max-semi-space-size=4']
const againstBare: Bar = { on: 'ratio', atLeast: 0.5 }
const againstPortkey: Bar = { on: 'ratio', atLeast: 8 }
const pacedLanes = 200
/** About as long as one of them lasts: people do not ask all in the same moment. */
const pacedStreamMs = 450

interface Contestant {
  announced: Announcement
  spent(asked?: 'commit'): Promise<Spent>
  end(): void
}
interface Shape {
  streams: boolean
  paced?: boolean
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
    const contestants = { bare: await begin('bare-proxy', url), ours: await begin('ours', url), portkey: await begin('portkey', url) }
    const figures: Figure[] = []
    for (const lanes of [1, 64]) {
      for (const streams of [false, true]) figures.push(...(await compare(contestants, { lanes, streams, signal })))
    }
    figures.push(await comparePaced(contestants, signal))
    const { memoryMb } = await contestants.ours.spent()
    const bareMemory = (await contestants.bare.spent()).memoryMb
    const memory = { what: 'memory after all calls', unit: 'MB' as const, bar: { on: 'value', atMost: 256 } satisfies Bar }
    return [...figures, figureOf(memory, [memoryMb], { what: 'bare proxy', values: [bareMemory] })]
  } finally {
    for (const contestant of begun) contestant.end()
  }
}

type Contestants = Record<'bare' | 'ours' | 'portkey', Contestant>

async function compare(
  contestants: Contestants,
  { lanes, streams, signal }: { lanes: number; streams: boolean; signal: AbortSignal },
): Promise<Figure[]> {
  const seen: Record<keyof Contestants, Round[]> = { bare: [], ours: [], portkey: [] }
  const commits: number[] = []
  for (let round = -1; round < rounds; round++) {
    const { commitMs = Number.NaN } = await contestants.ours.spent('commit')
    if (round >= 0) commits.push(commitMs)
    for (const name of ['bare', 'ours', 'portkey'] as const) {
      signal.throwIfAborted()
      const measured = await measure(contestants[name], { streams, lanes })
      if (round >= 0) seen[name].push(measured) // what is compiled once is by now
    }
  }
  const what = `${streams ? 'SSE' : 'JSON'} at ${lanes === 1 ? 'one connection' : `${lanes} connections`}`
  const figure = (part: string, unit: Figure['unit'], pick: (round: Round) => number, against: 'bare' | 'portkey' = 'bare', bar?: Bar) =>
    figureOf({ what: `${what}, ${part}`, unit, ...(bar ? { bar } : {}) }, seen.ours.map(pick), {
      what: against === 'bare' ? 'bare proxy' : 'Portkey',
      values: seen[against].map(pick),
    })
  const perSecond = ({ perSecond }: Round) => perSecond
  const p50 = ({ p50Ms }: Round) => p50Ms
  return [
    figure('calls', 'per second', perSecond, 'bare', lanes === 64 ? againstBare : undefined),
    figure('calls', 'per second', perSecond, 'portkey', lanes === 64 ? againstPortkey : undefined),
    figure('p50', 'ms', p50),
    figure('p99', 'ms', ({ p99Ms }) => p99Ms),
    figure('CPU a call', 'µs', ({ cpuMicroseconds }) => cpuMicroseconds),
    ...(lanes === 1 ? [overOneCommit(what, seen, commits)] : []),
  ]
}

/** What a call takes beyond the bare proxy and one measured commit: 0.25 ms at most. */
function overOneCommit(what: string, { ours, bare }: { ours: Round[]; bare: Round[] }, commits: number[]): Figure {
  const over = ours.map(({ p50Ms }, round) => p50Ms - (bare[round]?.p50Ms ?? Number.NaN) - (commits[round] ?? Number.NaN))
  const bar: Bar = { on: 'value', atMost: 0.25 }
  return figureOf({ what: `${what}, p50 over the bare proxy and a commit`, unit: 'ms', bar }, over, { what: 'a commit', values: commits })
}

/** What the first token of 200 streams at once waits for us. */
async function comparePaced({ bare, ours }: Contestants, signal: AbortSignal): Promise<Figure> {
  const added: number[] = []
  const alone: number[] = []
  for (let round = 0; round < 3; round++) {
    signal.throwIfAborted()
    const direct = await measure(bare, { streams: true, paced: true, lanes: pacedLanes })
    const through = await measure(ours, { streams: true, paced: true, lanes: pacedLanes })
    alone.push(direct.firstMs)
    added.push(through.firstMs - direct.firstMs)
  }
  const bar: Bar = { on: 'value', atMost: 3 }
  return figureOf({ what: `first token of ${pacedLanes} paced streams, added`, unit: 'ms', bar }, added, {
    what: 'bare proxy',
    values: alone,
  })
}

async function measure({ announced, spent }: Contestant, { lanes, ...shape }: Shape & { lanes: number }): Promise<Round> {
  const before = await spent()
  const loaded = await load(requestOf(shape, announced.headers), Number(new URL(announced.url).port), {
    lanes,
    forMs: sliceMs,
    ...(shape.paced ? { spreadMs: pacedStreamMs } : {}),
  })
  const after = await spent()
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

async function beginProcess(name: string, args: string[], signal: AbortSignal): Promise<Contestant> {
  const child: ChildProcess = fork(join(import.meta.dirname, 'calls', `${name}.ts`), args, { execArgv: asNpmStarts })
  const [announced] = (await Promise.race([
    once(child, 'message', { signal }),
    once(child, 'exit').then(() => Promise.reject(new Error(`${name} ended before it was ready`))),
  ])) as [Announcement]
  return {
    announced,
    async spent(asked) {
      child.send(asked ?? 'spent')
      const [spent] = (await once(child, 'message', { signal })) as [Spent]
      return spent
    },
    end: () => child.connected && child.disconnect(),
  }
}
