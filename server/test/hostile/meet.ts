import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { Limits } from '../../src/domains/gateway/limits.ts'
import type { Outcome } from '../../src/domains/ledger/call.ts'
import { createTestGateway, resolveLater } from '../gateway.ts'
import { chunked, eventStreamHead, type Script, startRaw } from '../raw-provider.ts'
import type { Stream } from './streams.ts'

export interface Met {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
  /** The connection ended before the answer did. */
  isCut: boolean
  outcome: Outcome
  /** How many requests the provider got. */
  requests: number
}

export interface Meeting {
  limits?: Partial<Limits>
  /** How many requests are answered by the script; those after them are answered well. */
  answers?: number
}

/**
 * Calls a provider that is up to something. Whatever comes of it: there is one row in the ledger, the next call is as good
 * as any, and then no socket, file or timer is left of either.
 */
export async function meet(stream: Stream, script: Script, { limits = {}, answers = 2 }: Meeting = {}): Promise<Met> {
  const sockets = new Set<Socket>()
  let hostileFor = answers
  const provider = await startRaw((socket, index) => {
    sockets.add(socket)
    return hostileFor-- > 0 ? script(socket, index) : socket.write(wholeOf(stream))
  })
  const { resolve, candidates } = resolveLater()
  const test = await createTestGateway({ resolve, limits: { backoffMs: 1, ...limits } })
  const candidate = test.at(provider.url)
  candidates.push(candidate)
  await until(() => resources().TCPServerWrap === 2 && !resources().TCPSocketWrap, 'what was before is gone')
  const before = resources()

  const met = await call(test.url + stream.path, stream.request)
  await until(() => test.ledger.settled.length === 1 && test.gateway.underWay === 0, 'it is in the books')
  const requests = provider.seen.length
  const outcome = test.ledger.settled[0]?.outcome as Outcome

  hostileFor = 0
  candidates.splice(0, 1, { ...candidate, keyId: '0190a1b2-0000-7000-8000-000000000002' })
  const next = await call(test.url + stream.path, stream.request)
  expect({ status: next.status, isCut: next.isCut }).toEqual({ status: 200, isCut: false })
  expect(next.body.toString(), 'the next answer').toBe(heardOf(stream))
  await until(() => [...sockets].filter(({ destroyed }) => !destroyed).length <= 1, 'one connection is kept')
  expect(test.problems).toEqual([])

  for (const socket of sockets) socket.destroy()
  const leaked = () => Object.entries(resources()).filter(([kind, count]) => count > (before[kind] ?? 0))
  await until(
    () => leaked().length === 0,
    () => `nothing of ${leaked()} is left`,
  )
  return { ...met, outcome, requests }
}

export const sentOf = ({ events }: Stream) => events.map(({ sent }) => sent).join('')
export const heardOf = ({ events }: Stream) => events.map(({ heard }) => heard).join('')
export const streamed = (...pieces: (string | Buffer)[]) => Buffer.concat([Buffer.from(eventStreamHead), ...pieces.map(chunked), chunked()])
const wholeOf = (stream: Stream) => streamed(sentOf(stream))

/** What keeps the process alive, by kind: sockets, servers, files, timers. */
function resources(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) if (!fleeting.has(kind)) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}
/** Of the moment in which it is looked at. */
const fleeting = new Set(['Immediate', 'TickObject', 'CloseReq'])

async function until(holds: () => boolean, what: string | (() => string)) {
  for (let tries = 0; tries < 400; tries++) {
    if (holds()) return
    await sleep(5)
  }
  throw new Error(`it never came to this: ${typeof what === 'string' ? what : what()}`)
}

function call(url: string, body: object): Promise<Omit<Met, 'outcome' | 'requests'>> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' }
    const sent = httpRequest(url, { method: 'POST', agent: false, headers }, (response) => {
      const pieces: Buffer[] = []
      response.on('data', (piece: Buffer) => pieces.push(piece))
      response.on('error', () => {}) // cut: `close` tells
      response.on('close', () => {
        const { statusCode: status = 0, headers, complete } = response
        resolve({ status, headers, body: Buffer.concat(pieces), isCut: !complete })
      })
    })
    sent.on('error', reject)
    sent.end(JSON.stringify(body))
  })
}
