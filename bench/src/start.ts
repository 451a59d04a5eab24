import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, readFileSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addAbortSignal, type Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { asNpmStarts } from './calls/contestant.ts'
import { type Figure, figureOf } from './figures.ts'
import { openIn, withFolder } from './throwaway.ts'

const root = join(import.meta.dirname, '../..')
const rounds = 3
const idleMs = 3_000

/** From the process's beginning to the first 200 of /ready, against the database's own start; and the memory at rest. */
export function start(signal: AbortSignal): Promise<Figure[]> {
  return withFolder(async (folder) => {
    const cli = install(folder)
    const first: number[] = []
    const second: number[] = []
    const firstAlone: number[] = []
    const secondAlone: number[] = []
    for (let round = 0; round < rounds; round++) {
      const [data, alone] = [join(folder, `data-${round}`), join(folder, `alone-${round}`)]
      first.push(await startKeyloft(cli, data, signal))
      second.push(await startKeyloft(cli, data, signal))
      firstAlone.push(await startDatabase(alone, signal))
      secondAlone.push(await startDatabase(alone, signal))
    }
    let resting = 0
    await startKeyloft(cli, join(folder, 'data-0'), signal, async (pid) => {
      resting = await restingMb(pid, signal)
    })
    const database = 'the database alone'
    return [
      figureOf({ what: 'first start to 200 /ready', unit: 's', bar: { on: 'value', atMost: 15 } }, first, {
        what: database,
        values: firstAlone,
      }),
      figureOf({ what: 'second start to 200 /ready', unit: 's', bar: { on: 'value', atMost: 3 } }, second, {
        what: database,
        values: secondAlone,
      }),
      figureOf({ what: 'idle memory', unit: 'MB', bar: { on: 'value', atMost: 110 } }, [resting], {
        what: 'an idle Node',
        values: [await idleNodeMb(signal)],
      }),
    ]
  })
}

/** As npm would have installed it, with no checkout around it whose .env would be read. */
function install(folder: string): string {
  execFileSync('npm', ['run', '-s', 'build'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  const program = join(folder, 'program')
  const { files } = JSON.parse(readFileSync(join(root, 'server/package.json'), 'utf8')) as { files: string[] }
  for (const part of [...files, 'package.json']) cpSync(join(root, 'server', part), join(program, part), { recursive: true })
  symlinkSync(join(root, 'server/node_modules'), join(program, 'node_modules'))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  return join(program, 'dist/cli.js')
}

async function startKeyloft(cli: string, data: string, signal: AbortSignal, use?: (pid: number) => Promise<void>): Promise<number> {
  const { HOME, PATH } = process.env
  const env = { HOME, PATH, PORT: '0', KEYLOFT_DATA_DIR: data }
  const began = performance.now()
  return withProcess([...asNpmStarts, cli, 'start', '--json'], env, async (child) => {
    const url = await printedUrl(child, signal)
    while ((await fetch(`${url}/ready`, { signal })).status !== 200) await sleep(10, undefined, { signal })
    const seconds = (performance.now() - began) / 1000
    await use?.(child.pid ?? 0)
    return seconds
  })
}

/** Lends a process, and sees it out. */
async function withProcess<T>(args: string[], env: NodeJS.ProcessEnv, use: (child: ChildProcess) => Promise<T>): Promise<T> {
  const child = spawn(process.execPath, args, { cwd: tmpdir(), env, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  try {
    return await use(child)
  } finally {
    child.kill('SIGTERM')
    await ended
  }
}

/** It prints one JSON value, when it is ready or when it fails. */
async function printedUrl(child: ChildProcess, signal: AbortSignal): Promise<string> {
  let printed = ''
  child.stdout?.setEncoding('utf8')
  for await (const chunk of addAbortSignal(signal, child.stdout as Readable).iterator({ destroyOnReturn: false })) {
    printed += chunk
    if (!/\n}\s*$/.test(printed)) continue
    const { url, error } = JSON.parse(printed) as { url?: string; error?: { message: string } }
    if (url) return url
    throw new Error(error?.message)
  }
  throw new Error('keyloft start ended before it was ready')
}

async function startDatabase(data: string, signal: AbortSignal): Promise<number> {
  const began = performance.now()
  const database = await openIn(data, signal)
  const seconds = (performance.now() - began) / 1000
  await database.stop()
  return seconds
}

function idleNodeMb(signal: AbortSignal): Promise<number> {
  return withProcess(['-e', 'setInterval(() => {}, 60_000)'], process.env, ({ pid }) => restingMb(pid ?? 0, signal))
}

async function restingMb(pid: number, signal: AbortSignal): Promise<number> {
  await sleep(idleMs, undefined, { signal })
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024
}
