// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the samples are source text
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

/*
 * Nothing in server/src but platform/egress opens a connection, starts a program, or holds what could. The quick half
 * of the proof, and names the file before anything runs; socket-guard.ts is the other half, for what no reading finds.
 */
const root = join(import.meta.dirname, '../src')

const dialling = new Set(
  [
    'net',
    'tls',
    'http',
    'https',
    'http2',
    'dgram',
    'dns',
    'dns/promises',
    'child_process',
    'cluster',
    'worker_threads',
    'inspector',
    'module',
  ].flatMap((name) => [name, `node:${name}`]),
)
const clients =
  /^(undici|axios|got|ky|ofetch|node-fetch|cross-fetch|superagent|needle|ws|eventsource|nodemailer|ioredis|redis|mysql2?|pg|pg-native|postgres)(\/|$)/

/** Who may, and why. `module: names` where only these may be taken from it. */
const exceptions: Record<string, { may: Record<string, string[] | 'all'>; because: string }> = {
  'platform/embedded/embedded-binaries.ts': {
    may: { 'node:child_process': ['execFileSync'], 'node:module': ['createRequire'], createRequire: 'all' },
    because: 'finds the programs of the embedded PostgreSQL',
  },
  'platform/embedded/make-cluster.ts': { may: { 'node:child_process': ['execFile'] }, because: 'runs initdb' },
  'platform/embedded/postmaster.ts': {
    may: { 'node:child_process': ['execFile', 'spawn'], 'node:net': ['createServer'] },
    because: 'starts PostgreSQL on a port that it finds free by listening on it',
  },
  'platform/database/': { may: { pg: 'all' }, because: 'the database is where the operator says' },
  'domains/identity/better-auth.ts': { may: { pg: 'all' }, because: 'keeps a second pool for the login that it was given' },
  'platform/embedded/embedded-server.ts': { may: { pg: 'all' }, because: 'holds the lock of the database that it started' },
  'platform/signals/signals.ts': { may: { pg: 'all' }, because: 'listens on a connection of its own to the same database' },
  'platform/queue/connection.ts': { may: { pg: 'all' }, because: 'the queue lives in the same database' },
  'config-variables.ts': { may: { 'node:net': ['isIP'] }, because: 'reads addresses' },
  'platform/http/front-door.ts': { may: { 'node:http': ['createServer'] }, because: 'listens; it is the door in' },
  'platform/http/openapi.ts': { may: { 'node:http': ['STATUS_CODES'] }, because: 'what a status is called; it dials nothing' },
  'domains/gateway/estimate/': {
    may: { 'node:worker_threads': ['Worker', 'parentPort'] },
    because: 'counts tokens in a thread, which has no way out either',
  },
  'cli/doctor.ts': { may: { pg: 'all' }, because: 'asks the operator’s database how it is' },
}

/** Comments go, and of strings their text; what a template computes stays. Not a parser, and need not be: see above. */
const pieces = /\/\*[\s\S]*?\*\/|\/\/.*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g
const withoutComments = (text: string) => text.replace(pieces, (piece) => (piece.startsWith('/') ? ' ' : piece))
const codeOf = (text: string) =>
  text.replace(pieces, (piece) =>
    piece.startsWith('`') ? (piece.match(/\$\{[^}]*\}/g) ?? []).join(' ') : piece.startsWith('/') ? ' ' : "''",
  )

/** Modules taken as more than types, with the names taken; `*` where the whole of it is. */
function importsOf(text: string): { from: string; names: string[] }[] {
  const code = withoutComments(text)
  const found = [...code.matchAll(/^\s*(?:import|export)\s+(?!type\b)([^'"]*?)\s*from\s*['"]([^'"]+)['"]/gm)].map(
    ([, clause = '', from = '']) => {
      const [, whole = '', braced = ''] = /^([^{]*)(?:\{([^}]*)\})?/.exec(clause) ?? []
      const named = braced.split(',').map((name) => name.trim())
      const values = named.filter((name) => name && !name.startsWith('type ')).map((name) => name.split(/\s+as\s+/)[0] ?? name)
      return { from, names: whole.replace(',', '').trim() ? ['*'] : values }
    },
  )
  const others = [...code.matchAll(/\bimport\s*\(?\s*['"]([^'"]+)['"]/g), ...code.matchAll(/\brequire\s*\(\s*['"]([^'"]+)['"]/g)]
  return [...found, ...others.map(([, from = '']) => ({ from, names: ['*'] }))].filter(({ names }) => names.length > 0)
}

export function waysOut(text: string, file = ''): string[] {
  const may = (what: string, name: string) =>
    Object.entries(exceptions).some(([place, { may }]) => {
      const names = may[what]
      return file.startsWith(place) && names !== undefined && (names === 'all' || names.includes(name))
    })
  const imported = importsOf(text)
    .filter(({ from }) => dialling.has(from) || clients.test(from))
    .flatMap(({ from, names }) => names.filter((name) => !may(from, name)).map((name) => `${name} of ${from}`))

  const code = codeOf(text)
  const named: [string, RegExp][] = [
    ['fetch', /(?<![.\w$])fetch\b(?!\s*\??:)/],
    ['globalThis', /(?<![.\w$])(globalThis|global|window|self)\b(?!\s*\??:)/],
    ['WebSocket', /(\bnew\s+|=\s*)(WebSocket|EventSource|XMLHttpRequest)\b/],
    ['getBuiltinModule', /\bgetBuiltinModule\b/],
    ['process.binding', /\bprocess\s*\??\.\s*_?(linkedB|b)inding\b/],
    ['createRequire', /\bcreateRequire\b/],
    ['eval', /(?<![.\w$])(eval\s*\(|new\s+Function\b)/],
    ['an import by a computed name', /\bimport\s*\(\s*(?!'')/],
  ]
  return [...imported, ...named.filter(([name, pattern]) => pattern.test(code) && !may(name, name)).map(([name]) => name)]
}

describe('the one door out', () => {
  it('is the only place of the source that dials', () => {
    const files = globSync('**/*.ts', { cwd: root }).filter((file) => !file.endsWith('.test.ts') && !file.startsWith('platform/egress/'))
    expect(files.length).toBeGreaterThan(30)
    expect(files.flatMap((file) => waysOut(readFileSync(join(root, file), 'utf8'), file).map((way) => `${file}: ${way}`))).toEqual([])
  })

  it('gives every database connection its socket', () => {
    const files = globSync('**/*.ts', { cwd: root }).filter((file) => !file.endsWith('.test.ts'))
    const made = files.flatMap((file) =>
      [...readFileSync(join(root, file), 'utf8').matchAll(/new (?:pg\.)?(?:Pool|Client)\(\{([^}]*)/g)].map(
        ([, options = '']) => [file, options] as const,
      ),
    )
    expect(made.length).toBeGreaterThan(4)
    expect(
      made
        .filter(
          ([, options]) => !/\bstream: open(?:Database)?Socket\b|\bstream: \(\) => socket\b|\.\.\.options\.pool\.options\b/.test(options),
        )
        .map(([file]) => file),
    ).toEqual([])
  })

  it('has exceptions only for what is there', () => {
    const files = globSync('**/*.ts', { cwd: root })
    expect(Object.keys(exceptions).filter((place) => !files.some((file) => file.startsWith(place)))).toEqual([])
  })

  const folder = join(import.meta.dirname, 'planted')
  it.each(globSync('*.ts', { cwd: folder }))('is seen to be missed by %s', (file) => {
    expect(waysOut(readFileSync(join(folder, file), 'utf8'))).not.toEqual([])
  })

  it.each([
    `import * as net from 'node:net'`,
    `import net, { type Socket } from "net"`,
    `import { type Server,\n  connect as dial } from 'node:tls'`,
    `export { request } from 'node:https'`,
    `import 'undici'`,
    `import { Client } from 'pg'`,
    `const http = await import('http')`,
    'const http = await import(`node:${name}`)',
    'await import(name)',
    `const { fetch: get } = globalThis`,
    'const get = globalThis.fetch',
    `const get = globalThis['fetch']`,
    'items.map(fetch)',
    'return `${await (await fetch(url)).text()}`',
    'const Socket = WebSocket',
    `process.getBuiltinModule('net')`,
    `process.binding('tcp_wrap')`,
    `createRequire(import.meta.url)('net')`,
    `require('net')`,
    `eval('fetch')`,
  ])('is seen to be missed by %j', (text) => {
    expect(waysOut(text)).not.toEqual([])
  })

  it.each([
    `import type { IncomingHttpHeaders } from 'node:http'`,
    `import { type Socket } from 'node:net'`,
    '// fetch it from https://example.com',
    "/* import { connect } from 'node:net' */",
    `const hint = 'could not fetch it over node:net'`,
    'const hint = `could not fetch ${name}`',
    'await boss.fetch(queue)',
    'createClient({ fetch: door.fetch })',
    'const socket: WebSocket = connection.socket',
    'const prefetch = fetchModels',
    `const url = 'https://api.example.com//fetch' // then fetch`,
    `await import('./main.ts')`,
  ])('is not taken to be missed by %j', (text) => {
    expect(waysOut(text)).toEqual([])
  })
})
