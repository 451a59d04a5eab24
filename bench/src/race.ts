/** Work that is done over and over; `lane` tells apart the loops that run at once. */
export type Contender = (lane: number) => Promise<unknown>

export interface Race {
  lanes: number
  rounds: number
  sliceMs: number
  signal: AbortSignal
}

/**
 * How often each is done per second, round by round. They take turns in short slices, so that whatever else disturbs
 * the machine hits all of them alike.
 */
export async function race<Name extends string>(
  contenders: Record<Name, Contender>,
  { lanes, rounds, sliceMs, signal }: Race,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(contenders) as Name[]
  for (const name of names) await perSecond(contenders[name], lanes, 4 * sliceMs) // what is compiled and planned once is by now
  const rates = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      signal.throwIfAborted()
      rates[name].push(await perSecond(contenders[name], lanes, sliceMs))
    }
  }
  return rates
}

async function perSecond(work: Contender, lanes: number, sliceMs: number): Promise<number> {
  const start = performance.now()
  const end = start + sliceMs
  const loop = async (lane: number) => {
    let count = 0
    for (; performance.now() < end; count++) await work(lane)
    return count
  }
  const counts = await Promise.all(Array.from({ length: lanes }, (_, lane) => loop(lane)))
  return counts.reduce((sum, count) => sum + count, 0) / ((performance.now() - start) / 1000)
}
