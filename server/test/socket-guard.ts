import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe } from 'node:diagnostics_channel'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach } from 'vitest'
import { isKnownSocket } from '../src/platform/egress/known-sockets.ts'

/*
 * Fails the test in which something dials past platform/egress. Runs before every test file (vitest.config.ts).
 *
 * Node announces each socket at the moment it dials. One that the door opened is known. For any other the nearest
 * frame of this repository on the stack decides who opened it, itself or through a library:
 *   - a file of server/src: a fault. So is a stack that names nobody, as behind a timer or a library's promise; but not
 *     pg's, whose pools dial whenever a connection is let go: our own take their sockets from the door, which
 *     one-door.test.ts sees to, so these are a test's.
 *   - any other file: a test's own client. It may dial.
 * fetch and WebSocket may dial when their caller's stack is gone, so they are judged when they are called, and what
 * they open is judged by that. Our own code may not call them at all, even where the door stands behind them.
 *
 * Not seen: name servers asked through node:dns (the import test forbids it), native add-ons, other processes.
 */
export interface Fault {
  what: string
  stack: string
}

type Opener = 'product' | 'test' | undefined

const root = join(import.meta.dirname, '../..')
/** The files that count as the product's. */
const product = [join('server', 'src') + sep, join('server', 'test', 'planted') + sep]

const driver = join('node_modules', 'pg') + sep

interface Guard {
  faults: Fault[]
  context: AsyncLocalStorage<Opener>
}
const installed = Symbol.for('keyloft.socket-guard')
const globals = globalThis as unknown as Record<string | symbol, unknown>
const guard = (globals[installed] as Guard | undefined) ?? install()
globals[installed] = guard

/** For a test's client that dials from where its caller cannot be seen, such as an SDK with retries. */
export function asTestClient<T>(work: () => T): T {
  return guard.context.run('test', work)
}

/** Hands over the faults so far, so that they do not fail the test. */
export function takeFaults(): Fault[] {
  return guard.faults.splice(0)
}

function failOnFaults() {
  const [first, ...more] = takeFaults()
  if (!first) return
  const error = new Error(`${first.what} past platform/egress${more.length > 0 ? `, and ${more.length} more` : ''}`)
  error.stack = `${error.message}\n${first.stack}`
  throw error
}
afterEach(failOnFaults)
afterAll(failOnFaults)

function install(): Guard {
  const faults: Fault[] = []
  const context = new AsyncLocalStorage<Opener>()

  const onSocket = (kind: string) => (message: unknown) => {
    if (isKnownSocket((message as { socket: object }).socket)) return
    const stack = captureStack()
    const opener = openerOf(stack) ?? context.getStore() ?? (stack.includes(driver) ? 'test' : 'nobody')
    if (opener !== 'test') faults.push({ what: `${kind} was opened`, stack })
  }
  subscribe('net.client.socket', onSocket('a socket'))
  subscribe('udp.socket', onSocket('a datagram socket'))

  const judge = <T>(name: string, call: () => T): T => {
    const stack = captureStack()
    if (isProduct(filesOf(stack)[0] ?? '')) faults.push({ what: `${name} was called`, stack })
    return context.run(openerOf(stack) ?? context.getStore(), call)
  }
  for (const name of ['fetch', 'WebSocket', 'EventSource']) {
    const original = globals[name]
    if (typeof original !== 'function') continue
    globals[name] = new Proxy(original, {
      apply: (target, self, args) => judge(name, () => Reflect.apply(target, self, args)),
      construct: (target, args, made) => judge(name, () => Reflect.construct(target, args, made)),
    })
  }
  return { faults, context }
}

function captureStack(): string {
  const usual = Error.stackTraceLimit
  Error.stackTraceLimit = 200
  const { stack = '' } = new Error()
  Error.stackTraceLimit = usual
  return stack.split('\n').slice(1).join('\n')
}

/** Of the frames that lie in files, nearest first, relative to the repository. This file and Node's own are left out. */
function filesOf(stack: string): string[] {
  return [...stack.matchAll(/(?:\(|at (?:async )?)((?:file:\/\/)?[^\s()]+):\d+:\d+\)?$/gm)]
    .map(([, place = '']) => relative(root, place.startsWith('file:') ? fileURLToPath(place) : place))
    .filter((file) => !file.startsWith('node:') && file !== join('server', 'test', 'socket-guard.ts'))
}

const isProduct = (file: string) => product.some((folder) => file.startsWith(folder)) && !file.endsWith('.test.ts')

function openerOf(stack: string): Opener {
  const nearest = filesOf(stack).find((file) => !file.startsWith('..') && !file.includes(`node_modules${sep}`))
  if (nearest === undefined) return undefined
  return isProduct(nearest) ? 'product' : 'test'
}
