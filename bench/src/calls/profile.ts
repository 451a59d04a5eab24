import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Figure, figureOf } from '../figures.ts'
import { beginProcess, measure } from './contestant.ts'
import { byOwner, toFrames, toPage } from './flame-graph.ts'

const folder = join(import.meta.dirname, '../../profiles')
const lanes = 64
/** What is called often is compiled by then. */
const warmMs = 6_000
const profiledMs = 6_000
const mostOwners = 16

/**
 * Where a call's time goes on the main thread: a flame graph and V8's own profile of JSON and of streams, in
 * `bench/profiles`, and by whose code it is. It slows what it measures, so figures of speed are taken without it.
 */
export async function profileCalls(signal: AbortSignal): Promise<Figure[]> {
  const mock = await beginProcess('mock', [], signal)
  const ours = await beginProcess('ours', [mock.announced.url], signal)
  mkdirSync(folder, { recursive: true })
  const figures: Figure[] = []
  try {
    for (const streams of [false, true]) {
      await measure(ours, { streams, lanes, forMs: warmMs })
      await ours.spent('begin profile')
      const { calls } = await measure(ours, { streams, lanes, forMs: profiledMs })
      const { profile } = await ours.spent('end profile')
      if (!profile) throw new Error('there is no profile')
      const name = streams ? 'calls-sse' : 'calls-json'
      const title = `${streams ? 'SSE' : 'JSON'} at ${lanes} connections`
      const frames = toFrames(profile)
      writeFileSync(join(folder, `${name}.cpuprofile`), JSON.stringify(profile))
      writeFileSync(join(folder, `${name}.html`), toPage(title, frames, calls))
      process.stderr.write(`${join(folder, name)}.html\n`)
      const all = { what: 'all of it', values: [frames.microseconds / calls] }
      for (const [owner, microseconds] of [...byOwner(profile)].slice(0, mostOwners)) {
        figures.push(figureOf({ what: `${title}: ${owner}`, unit: 'µs' }, [microseconds / calls], all))
      }
    }
    return figures
  } finally {
    ours.end()
    mock.end()
  }
}
