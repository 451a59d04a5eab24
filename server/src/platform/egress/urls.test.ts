import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { honestUrls, hostileHosts, hostileNames, hostileUrls } from '../../../test/hostile-urls.ts'
import { listenTcp } from '../../../test/loopback.ts'
import type { AppError } from '../../base/errors.ts'
import { createEgress } from './egress.ts'

/** Every socket that dials, whoever opened it. */
let dialled: unknown[] = []
const note = (message: unknown) => dialled.push(message)
beforeEach(() => {
  dialled = []
  subscribe('net.client.socket', note)
})
afterEach(() => unsubscribe('net.client.socket', note))

/** A resolver that counts what it is asked. */
function stubResolver(answers: readonly string[]) {
  const asked: string[] = []
  const resolve = async (name: string) => {
    asked.push(name)
    return answers
  }
  return { asked, resolve }
}

async function refusalOf(work: Promise<unknown>): Promise<AppError> {
  return work.then(
    () => expect.fail('it was let through'),
    (error) => error,
  )
}

/** A door that lets through all it can but private networks, and a listener on every port it could knock at. */
async function laxDoor(resolve: (name: string) => Promise<readonly string[]>) {
  const listener = await listenTcp()
  return { listener, egress: createEgress({ allow: { plainHttp: true, ports: [80, 443, listener.port] }, resolve }) }
}

const hosts = hostileHosts.flatMap(({ trick, hosts }) => hosts.map((host) => [trick, host] as const))
const urls = hostileUrls.flatMap(({ trick, code, urls }) => urls.map((url) => [trick, url, code] as const))
const names = hostileNames.flatMap(({ trick, answers }) => answers.map((answer) => [trick, ...answer] as const))

describe('a hostile address', () => {
  it('comes in at least 200 spellings here', () => {
    const all = [
      ...hosts.map(([, host]) => `https://${host}/`),
      ...urls.map(([, url]) => url),
      ...names.map(([, name, answers]) => `${name} ${answers}`),
    ]
    expect(new Set(all).size).toBe(all.length)
    expect(all.length).toBeGreaterThanOrEqual(200)
  })

  it.each(hosts)('is refused by its host before anybody is asked (%s): %s', async (_, host) => {
    const { asked, resolve } = stubResolver(['93.184.216.34'])
    const { listener, egress } = await laxDoor(resolve)
    const strict = createEgress({ resolve })
    const attempts = [
      strict.request(`https://${host}/v1`),
      egress.request(`http://${host}:${listener.port}/v1`),
      egress.request(`https://${host}/`),
    ]
    for (const attempt of attempts) expect((await refusalOf(attempt)).code).toMatch(/^egress\.(host_refused|url_invalid)$/)
    expect({ asked, dialled, connections: listener.connections }).toEqual({ asked: [], dialled: [], connections: 0 })
  })

  it.each(urls)('is refused by its form (%s): %j', async (_, url, code) => {
    const { asked, resolve } = stubResolver(['93.184.216.34'])
    expect((await refusalOf(createEgress({ resolve }).request(url))).code).toBe(code)
    expect({ asked, dialled }).toEqual({ asked: [], dialled: [] })
  })

  it.each(names)('is refused by what its name resolves to (%s): %s → %s', async (_, name, answers) => {
    const { asked, resolve } = stubResolver(answers)
    const { listener, egress } = await laxDoor(resolve)
    for (const url of [`https://${name}/v1`, `http://${name}:${listener.port}/v1`]) {
      const refusal = await refusalOf(egress.request(url))
      expect(refusal.code).toBe('egress.host_refused')
      for (const answer of answers) expect(JSON.stringify(refusal) + refusal.message + refusal.hint).not.toContain(answer)
      expect(refusal.internal).toContain(name)
    }
    expect({ asked, dialled, connections: listener.connections }).toEqual({ asked: [name, name], dialled: [], connections: 0 })
  })

  it.each([
    ['rejects', () => Promise.reject(new Error('queryA ENOTFOUND'))],
    ['knows no address', () => Promise.resolve([])],
  ])('whose resolver %s is not dialled by its name instead', async (_, resolve) => {
    expect((await refusalOf(createEgress({ resolve }).request('https://api.example.com/'))).code).toBe('egress.unresolvable')
    expect(dialled).toEqual([])
  })
})

describe('an honest address', () => {
  afterEach(() => vi.restoreAllMocks())

  it('comes in at least 50 spellings here', () => expect(new Set(honestUrls.map(([url]) => url)).size).toBeGreaterThanOrEqual(50))

  it.each(honestUrls)('is dialled where its name resolves to: %s', async (url, answers) => {
    const attempts: { host: string; port: number; addresses: unknown }[] = []
    vi.spyOn(Socket.prototype, 'connect').mockImplementation(function (this: Socket, ...args: unknown[]) {
      const { host, port, lookup } = args[0] as {
        host: string
        port: number
        lookup: (name: string, options: object, done: (...all: unknown[]) => void) => void
      }
      lookup(host, { all: true }, (_error, addresses) => attempts.push({ host, port, addresses }))
      queueMicrotask(() => this.destroy(new Error('not sent')))
      return this
    })
    const { asked, resolve } = stubResolver(answers)
    const refusal = await refusalOf(createEgress({ resolve }).request(url))
    expect(refusal).toMatchObject({ code: 'egress.unreachable', internal: 'not sent' })

    const host = new URL(url).hostname.replace(/[[\]]/g, '')
    const isName = /[a-z]$/.test(host) && !host.includes(':')
    const pinned = (isName ? answers : [host]).map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    expect(attempts).toEqual([{ host, port: 443, addresses: pinned }])
    expect(asked).toEqual(isName ? [host] : [])
  })
})
