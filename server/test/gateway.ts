import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { onTestFinished } from 'vitest'
import { type Principal, userPrincipal } from '../src/base/principal.ts'
import { TokenCounter } from '../src/domains/gateway/estimate/token-counter.ts'
import {
  type Candidate,
  createGateway,
  type Gateway,
  type GatewayDeps,
  type Ledger,
  type Made,
  type Objects,
  type Resolve,
} from '../src/domains/gateway/gateway.ts'
import type { Call, Outcome } from '../src/domains/ledger/call.ts'
import { mockChat } from '../src/domains/mock-provider/mock-chat.ts'
import { createEgress, type Egress } from '../src/platform/egress/egress.ts'
import { createHttp } from '../src/platform/http/http.ts'
import { createLog } from '../src/platform/telemetry/log.ts'
import { createMetrics, type Metrics } from '../src/platform/telemetry/metrics.ts'
import { untraced } from '../src/platform/telemetry/tracing.ts'

/** The gateway behind the real HTTP server, with a ledger in memory and a resolver that answers what the test says. */
export interface TestGateway {
  url: string
  app: FastifyInstance
  gateway: Gateway
  egress: Egress
  ledger: MemoryLedger
  problems: string[]
  metrics: Metrics
  /** A candidate at a provider that listens at this address. */
  at(origin: string, change?: Partial<Candidate>): Candidate
  post(body: unknown, headers?: Record<string, string>): Promise<Reply>
}

interface MemoryLedger extends Ledger {
  opened: Call[]
  settled: { call: Call; outcome: Outcome }[]
  /** Before an intent or a settlement is committed. */
  beforeOpen: () => Promise<void>
  /** Says whether there was a place in advance. */
  beforeMade: () => boolean | Promise<boolean>
  beforeSettle: () => Promise<void>
}

export interface Reply {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
  /** The connection broke before the answer was complete. */
  isCut: boolean
}

export const providerKey = 'sk-key-of-the-provider-0123456789'
const caller = userPrincipal('5f0c5a52-2f3c-4f39-8d2b-0e6f8f0b8f11')

const counter = new TokenCounter({ limitMs: 60_000 })

export async function createTestGateway(options: Partial<GatewayDeps> & { principal?: Principal } = {}): Promise<TestGateway> {
  const egress = createEgress()
  const ledger = memoryLedger()
  const problems: string[] = []
  const metrics = createMetrics()
  const at = (origin: string, change: Partial<Candidate> = {}): Candidate => ({
    source: 'user-key',
    provider: 'openai',
    keyId: '0190a1b2-0000-7000-8000-000000000001',
    modelId: 'mock-1',
    destination: egress.namedByOperator(origin).at('/v1/chat/completions'),
    authHeaders: () => ({ authorization: `Bearer ${providerKey}` }),
    ...change,
  })
  await counter.count({ encoding: 'o200k_base', texts: [] }) // loaded, so that no test waits for that
  const gateway = createGateway({
    counter,
    ledger,
    egress,
    clock: Date.now,
    metrics,
    resolve: async () => ({ candidates: [], trace: [] }),
    habitsOf: () => ({}),
    findProvider: () => undefined,
    objects: memoryObjects(),
    onProblem: (what) => problems.push(what),
    ...options,
  })
  const app = await createHttp({
    log: createLog('silent'),
    metrics,
    tracing: untraced,
    database: undefined as never,
    version: '0',
    publicUrl: undefined,
    corsOrigins: ['https://app.example.com'],
    trustedProxies: undefined,
    hashKey: Buffer.alloc(32),
    authenticate: async () => options.principal ?? caller,
    routes: gateway.routes,
    plugins: [],
    catalogues: [],
  })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  onTestFinished(async () => {
    app.server.closeAllConnections()
    await app.close()
    gateway.close()
    await egress.close()
  })
  const post = (body: unknown, headers: Record<string, string> = {}) => postTo(`${url}/v1/chat/completions`, body, headers)
  return { url, app, gateway, egress, ledger, problems, metrics, at, post }
}

/** A resolver that can be told later, when the provider is up. */
export function resolveLater(): { resolve: Resolve; candidates: Candidate[] } {
  const candidates: Candidate[] = []
  const trace = () => candidates.map(({ source, provider }) => ({ source, provider, verdict: 'candidate' }))
  return { candidates, resolve: async () => ({ candidates, trace: trace() }) }
}

function memoryObjects(): Objects {
  const known = new Map<string, { userId: string; made: Made }>()
  return {
    async find(userId, id) {
      const one = known.get(id)
      return one && (one.userId === userId ? one.made : 'of another')
    },
    async remember(userId, id, made) {
      known.set(id, { userId, made })
    },
  }
}

function memoryLedger(): MemoryLedger {
  const ledger: MemoryLedger = {
    opened: [],
    settled: [],
    beforeOpen: async () => {},
    beforeMade: () => false,
    beforeSettle: async () => {},
    reserve: () => ledger.beforeMade(),
    async open(call) {
      await ledger.beforeOpen()
      ledger.opened.push(call)
    },
    async settle(call, outcome) {
      await ledger.beforeSettle()
      ledger.settled.push({ call, outcome })
    },
  }
  return ledger
}

/** The mock provider, as anybody's own server would be: what it sends is what a client gets without us. */
export async function startMock(): Promise<{ url: string; seen: { headers: IncomingHttpHeaders; body: string }[] }> {
  const seen: { headers: IncomingHttpHeaders; body: string }[] = []
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const body = Buffer.concat(pieces)
      seen.push({ headers: request.headers, body: body.toString() })
      const answer = mockChat(body)
      response.writeHead(answer.status, answer.headers)
      for (const piece of answer.pieces) response.write(piece)
      response.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}

export function postTo(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Reply> {
  const bytes = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
  return sendTo('POST', url, { body: bytes, contentType: 'application/json', headers })
}

interface Sent {
  body?: string | Buffer
  contentType?: string
  headers?: Record<string, string>
}

export function sendTo(method: string, url: string, { body, contentType, headers = {} }: Sent = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const type = contentType === undefined ? {} : { 'content-type': contentType }
    const length = body === undefined || headers['transfer-encoding'] ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const sent = httpRequest(url, { method, headers: { ...type, ...length, ...headers } }, (response) => {
      const pieces: Buffer[] = []
      response.on('data', (piece: Buffer) => pieces.push(piece))
      const done = (isCut: boolean) =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(pieces), isCut })
      response.on('end', () => done(!response.complete))
      response.on('error', () => done(true))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}
