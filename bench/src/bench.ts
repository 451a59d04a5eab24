import { availableParallelism, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { measureMemory } from './calls/memory.ts'
import { profileCalls } from './calls/profile.ts'
import { calls, capped } from './calls.ts'
import { credentials } from './credentials.ts'
import { type Figure, reaches, toTable } from './figures.ts'
import { ledger } from './ledger.ts'
import { migrations } from './migrations.ts'
import { proxy } from './proxy.ts'
import { resolver } from './resolver.ts'
import { select } from './select.ts'
import { start } from './start.ts'
import { growth, usage as usageReads } from './usage.ts'
import { vault } from './vault.ts'

const benches = { start, select, migrations, credentials, vault, ledger, resolver, calls, capped, proxy, usage: usageReads, growth }
type Name = keyof typeof benches

const usage = `npm run bench [-- [${Object.keys(benches).join('] [')}] [--json]]
       npm run bench -- calls --profile    where the time of a call goes: flame graphs in bench/profiles
       npm run bench -- calls --memory     memory while 200,000 calls pass
Compares Keyloft with something bare in the same run. A figure below its bar fails nothing: a busy machine moves them all.`
const longestMs = 600_000
/** Not among those that run unasked. */
const large: readonly Name[] = ['growth', 'capped']
const longestLargeMs = 1_500_000

const options = { json: { type: 'boolean' }, profile: { type: 'boolean' }, memory: { type: 'boolean' }, help: { type: 'boolean' } } as const
const { values, positionals } = parseArgs({ allowPositionals: true, options })
const names = positionals.length > 0 ? positionals : Object.keys(benches).filter((name) => !large.includes(name as Name))

if (values.help || !names.every((name): name is Name => Object.hasOwn(benches, name))) {
  console.error(usage)
  process.exitCode = values.help ? 0 : 2
} else {
  process.exitCode = await run(names)
}

async function run(chosen: readonly Name[]): Promise<number> {
  const stopped = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stopped.abort(new Error('stopped')))
  const signal = AbortSignal.any([
    stopped.signal,
    AbortSignal.timeout(chosen.some((name) => large.includes(name)) ? longestLargeMs : longestMs),
  ])
  const figures: Figure[] = []
  let code = 0
  for (const name of chosen) {
    if (!values.json) process.stderr.write(`${name} …\n`)
    try {
      figures.push(...(await benchOf(name)(signal)))
    } catch (error) {
      console.error(`${name}: ${signal.aborted ? (signal.reason as Error).message : error instanceof Error ? error.stack : error}`)
      code = 1
      if (signal.aborted) break
    }
  }
  const machine = { node: process.versions.node, cores: availableParallelism(), load: loadavg()[0] ?? 0 }
  if (values.json) console.log(JSON.stringify({ machine, figures: figures.map((figure) => ({ ...figure, ok: reaches(figure) })) }, null, 2))
  else
    console.log(
      `\n${toTable(figures)}\n\nNode ${machine.node}, ${machine.cores} cores, load ${machine.load.toFixed(1)} of this machine in the last minute, this run's own included.`,
    )
  return code
}

function benchOf(name: Name) {
  if (name !== 'calls') return benches[name]
  if (values.profile) return profileCalls
  return values.memory ? measureMemory : calls
}
