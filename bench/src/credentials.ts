import { createHash } from 'node:crypto'
import { benchAuthenticate, rememberedToken } from './authenticate.ts'
import { type Bar, type Figure, figureOf } from './figures.ts'

/** What a credential costs, against the one thing that no check of a token can do without. */
export async function credentials(): Promise<Figure[]> {
  const lines = await benchAuthenticate()
  const against = { what: 'SHA-256 of a token', values: [hashesPerSecond()] }
  for (const { what, queriesPerThousand } of lines) {
    if (what.startsWith('invented') && queriesPerThousand > 0) throw new Error(`${what} reached the database`)
  }
  return lines.map(({ what, perSecond }) => {
    const bar: { bar?: Bar } = what === rememberedToken ? { bar: { on: 'value', atLeast: 30_000 } } : {}
    return figureOf({ what, unit: 'per second', ...bar }, [perSecond], against)
  })
}

function hashesPerSecond(): number {
  const token = 'x'.repeat(60)
  const start = performance.now()
  let count = 0
  while (performance.now() - start < 1_000) for (let i = 0; i < 1_000; i++, count++) createHash('sha256').update(token).digest()
  return count / ((performance.now() - start) / 1_000)
}
