import { beginProcess, type Contestant, measure, type Round } from './calls/contestant.ts'
import { type Bar, type Figure, figureOf } from './figures.ts'

/*
 * Calls through the whole server, against a bare Node proxy and Portkey's gateway, in front of the same mock provider:
 * JSON and streams, one connection and 64, in rounds that take turns; then 200 streams as slow as a model speaks. Beside
 * them the bare proxy that does nothing else but write a row for each call, and the one that has our ledger and nothing
 * else of ours: what durability leaves of the bare proxy, and what the books do. Every process has the flags of
 * `npm start`, and shares the machine with the others, with the load and with PostgreSQL.
 */

const rounds = 7
const sliceMs = 1_000
/** Of each kind, before anything is measured: for some ten seconds V8 goes on compiling what all calls run through. */
const warmUpMs = 4_000
const againstBare: Bar = { on: 'ratio', atLeast: 0.5 }
const cappedAgainstBare: Bar = { on: 'ratio', atLeast: 0.4 }
const againstPortkey: Bar = { on: 'ratio', atLeast: 8 }
const pacedLanes = 200
/** About as long as one of them lasts: people do not ask all in the same moment. */
const pacedStreamMs = 450
const pacedLoad = { streams: true, paced: true, lanes: pacedLanes, forMs: sliceMs, spreadMs: pacedStreamMs }

/** The person who calls has hard limits of tokens and of cost. */
export const capped = (signal: AbortSignal) => callsOf(true, signal)
export const calls = (signal: AbortSignal) => callsOf(false, signal)

async function callsOf(capped: boolean, signal: AbortSignal): Promise<Figure[]> {
  const begun: Contestant[] = []
  const begin = async (name: string, ...args: string[]) => {
    const contestant = await beginProcess(name, args, signal)
    begun.push(contestant)
    return contestant
  }
  try {
    const { url } = (await begin('mock')).announced
    const limits = capped ? ['capped'] : []
    const contestants = {
      bare: await begin('bare-proxy', url),
      ours: await begin('ours', url, ...limits),
      durable: await begin('durable-proxy', url, ...limits),
      ledger: await begin('ledger-proxy', url, ...limits),
      portkey: await begin('portkey', url),
    }
    for (const streams of [false, true]) {
      for (const contestant of Object.values(contestants)) {
        signal.throwIfAborted()
        await measure(contestant, { streams, lanes: 64, forMs: warmUpMs })
      }
    }
    const figures: Figure[] = []
    // Many first: one connection alone brings too few calls for V8 to compile what all of them run through.
    for (const lanes of [64, 1]) {
      for (const streams of [false, true]) figures.push(...(await compare(contestants, { lanes, streams, capped, signal })))
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

type Contestants = Record<'bare' | 'ours' | 'durable' | 'ledger' | 'portkey', Contestant>

async function compare(
  contestants: Contestants,
  { lanes, streams, capped, signal }: { lanes: number; streams: boolean; capped: boolean; signal: AbortSignal },
): Promise<Figure[]> {
  const seen: Record<keyof Contestants, Round[]> = { bare: [], ours: [], durable: [], ledger: [], portkey: [] }
  const commits: number[] = []
  for (let round = -1; round < rounds; round++) {
    const { commitMs = Number.NaN } = await contestants.ours.spent('commit')
    if (round >= 0) commits.push(commitMs)
    for (const name of ['bare', 'ours', 'durable', 'ledger', 'portkey'] as const) {
      signal.throwIfAborted()
      const measured = await measure(contestants[name], { streams, lanes, forMs: sliceMs })
      if (round >= 0) seen[name].push(measured)
    }
  }
  const what = `${streams ? 'SSE' : 'JSON'} at ${lanes === 1 ? 'one connection' : `${lanes} connections`}`
  const figure = (part: string, unit: Figure['unit'], pick: (round: Round) => number, against: 'bare' | 'portkey' = 'bare', bar?: Bar) =>
    figureOf({ what: `${what}, ${part}`, unit, ...(bar ? { bar } : {}) }, seen.ours.map(pick), {
      what: against === 'bare' ? 'bare proxy' : 'Portkey',
      values: seen[against].map(pick),
    })
  const perSecond = ({ perSecond }: Round) => perSecond
  const bare = { what: 'bare proxy', values: seen.bare.map(perSecond) }
  const p50 = ({ p50Ms }: Round) => p50Ms
  return [
    figure('calls', 'per second', perSecond, 'bare', lanes === 64 ? (capped ? cappedAgainstBare : againstBare) : undefined),
    figureOf({ what: `${what}, calls with the ledger alone`, unit: 'per second' }, seen.ledger.map(perSecond), bare),
    figureOf({ what: `${what}, calls with bare rows alone`, unit: 'per second' }, seen.durable.map(perSecond), bare),
    figure('calls', 'per second', perSecond, 'portkey', lanes === 64 ? againstPortkey : undefined),
    figure('p50', 'ms', p50),
    figure('p99', 'ms', ({ p99Ms }) => p99Ms),
    figure('CPU a call', 'µs', ({ cpuMicroseconds }) => cpuMicroseconds),
    ...(lanes === 1 ? [overCommits(what, seen, commits, capped ? 2 : 1)] : []),
  ]
}

/** What a call takes beyond the bare proxy and its measured commits, of which a hard limit costs a second: 0.25 ms at most. */
function overCommits(what: string, { ours, bare }: { ours: Round[]; bare: Round[] }, commits: number[], count: 1 | 2): Figure {
  const over = ours.map(({ p50Ms }, round) => p50Ms - (bare[round]?.p50Ms ?? Number.NaN) - count * (commits[round] ?? Number.NaN))
  const bar: Bar = { on: 'value', atMost: 0.25 }
  return figureOf({ what: `${what}, p50 over the bare proxy and ${count === 1 ? 'a commit' : 'two commits'}`, unit: 'ms', bar }, over, {
    what: 'a commit',
    values: commits,
  })
}

/** What the first token of 200 streams at once waits for us. */
async function comparePaced({ bare, ours }: Contestants, signal: AbortSignal): Promise<Figure> {
  const added: number[] = []
  const alone: number[] = []
  for (let round = 0; round < 3; round++) {
    signal.throwIfAborted()
    const direct = await measure(bare, pacedLoad)
    const through = await measure(ours, pacedLoad)
    alone.push(direct.firstMs)
    added.push(through.firstMs - direct.firstMs)
  }
  const bar: Bar = { on: 'value', atMost: 3 }
  return figureOf({ what: `first token of ${pacedLanes} paced streams, added`, unit: 'ms', bar }, added, {
    what: 'bare proxy',
    values: alone,
  })
}
