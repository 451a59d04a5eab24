import { type Figure, figureOf } from '../figures.ts'
import { beginProcess, measure } from './contestant.ts'

const calls = 200_000
const lanes = 64
const sliceMs = 1_000
const mostMb = 256
/** What the heap breathes between two collections is no growth. */
const mostGrowthMb = 16

/** Memory while 200,000 calls pass, JSON and streams in turns: at the end, and how much of it came in the second half. */
export async function measureMemory(signal: AbortSignal): Promise<Figure[]> {
  const mock = await beginProcess('mock', [], signal)
  const ours = await beginProcess('ours', [mock.announced.url], signal)
  try {
    const { memoryMb: idleMb } = await ours.spent()
    const seen: { calls: number; mb: number }[] = []
    for (let made = 0, slice = 0; made < calls; slice++) {
      made += (await measure(ours, { streams: slice % 2 === 1, lanes, forMs: sliceMs })).calls
      seen.push({ calls: made, mb: (await ours.spent()).memoryMb })
      if (slice % 10 === 0) process.stderr.write(`${made} calls, ${seen.at(-1)?.mb.toFixed(0)} MB\n`)
    }
    const most = (from: number, to: number) =>
      Math.max(...seen.filter((one) => one.calls > from * calls && one.calls <= to * calls + lanes).map(({ mb }) => mb))
    const idle = { what: 'before the first', values: [idleMb] }
    return [
      figureOf({ what: `memory, most in ${calls} calls`, unit: 'MB', bar: { on: 'value', atMost: mostMb } }, [most(0, 2)], idle),
      // The most of each quarter: where the heap breathes, single readings say little.
      figureOf(
        { what: 'memory, growth in the second half', unit: 'MB', bar: { on: 'value', atMost: mostGrowthMb } },
        [most(0.75, 2) - most(0.5, 0.75)],
        { what: 'most in the third quarter', values: [most(0.5, 0.75)] },
      ),
    ]
  } finally {
    ours.end()
    mock.end()
  }
}
