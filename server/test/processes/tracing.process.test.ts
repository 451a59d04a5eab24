import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { listenHttps } from '../loopback.ts'
import { makeCertificate } from '../self-signed.ts'
import { receiveTraces } from '../trace-receiver.ts'
import { installKeyloft, run, start, stop, until } from './run-keyloft.ts'

const sandbox = installKeyloft()

/** Says on stderr which modules of OpenTelemetry's are loaded. `api` alone is better-auth's, and does nothing. */
const spy = `import { registerHooks } from 'node:module'
registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context)
    if (/@opentelemetry\\/(?!api|semantic)|open-telemetry/.test(found.url)) process.stderr.write('LOADED ' + specifier + '\\n')
    return found
  },
})`
const spied = (env: Record<string, string>) => ({
  env: { NODE_OPTIONS: `--import "data:text/javascript,${encodeURIComponent(spy)}"`, ...env },
})

test('without a receiver nothing of OpenTelemetry’s is loaded; with one, requests arrive there, before the process ends', async () => {
  const dataDir = sandbox.newDataDir()
  const silent = await start(sandbox, dataDir, spied({ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }))
  await fetch(`${silent.base}/health`)
  await stop(silent)
  expect(silent.said()).not.toContain('LOADED')

  const receiver = await receiveTraces()
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: new URL('/', receiver.url).href, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }
  const traced = await start(sandbox, dataDir, spied(env))
  await fetch(`${traced.base}/health?key=query-4712`, { headers: { 'x-request-id': 'request-4711' } })
  await stop(traced)
  expect(traced.said()).toContain('LOADED')
  expect(receiver.requests.map(({ url }) => url)).toEqual(['/v1/traces'])
  expect(receiver.spans().map(({ name }) => name)).toContain('GET /health')
  expect(receiver.text()).toContain('request-4711')
  expect(receiver.text()).not.toContain('query-4712')
})

test('a receiver of the operator’s own authority is trusted where KEYLOFT_EGRESS_CA_FILE names that', async () => {
  const certificate = makeCertificate('127.0.0.1')
  const authorizations: unknown[] = []
  const { port } = await listenHttps(certificate, (request, response) => {
    authorizations.push(request.headers.authorization)
    request.resume().on('end', () => response.end())
  })
  const dataDir = sandbox.newDataDir()
  const caFile = join(sandbox.folder, 'authority.pem')
  writeFileSync(caFile, certificate.cert)
  const env = {
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `https://127.0.0.1:${port}/traces`,
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20of-the-operator',
  }

  const strange = await start(sandbox, dataDir, { env })
  await stop(strange)
  expect(authorizations).toEqual([])
  expect(strange.said()).toContain('traces are not received')
  expect(strange.said()).not.toContain('of-the-operator')

  const trusting = await start(sandbox, dataDir, { env: { ...env, KEYLOFT_EGRESS_CA_FILE: caFile } })
  await stop(trusting)
  expect(authorizations).toEqual(['Bearer of-the-operator'])
})

test('a setting of outgoing calls that cannot be right stops the start, named', async () => {
  const env = { KEYLOFT_EGRESS_ALLOW_NETWORKS: '10.20.0.0/33', KEYLOFT_EGRESS_CA_FILE: '/nowhere.pem' }
  const { code, stderr } = await run(sandbox, ['start'], { env }).ended
  expect(code).toBe(1)
  await until('it has said so', () => stderr.includes('KEYLOFT_EGRESS_ALLOW_NETWORKS') && stderr.includes('KEYLOFT_EGRESS_CA_FILE'))
})
