import type { FastifyInstance } from 'fastify'
import type { House, Request } from './house.ts'
import type { ApiDocument } from './secret-fields.ts'

/*
 * What follows from the API's document alone: a secret in every header that can carry one, in the address, and in
 * bodies that are broken, of another form or far too long.
 */

/** In each of these a person may send a credential, and some SDK does. */
const credentialHeaders = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key', 'apikey', 'cookie', 'proxy-authorization']

const inBase64url = (text: string) => Buffer.from(text).toString('base64url')

/** One that looks like each form of credential, and is none. */
function credentials(house: House, header: string): string[] {
  const jwt = ['{"alg":"HS256","typ":"JWT"}', JSON.stringify({ role: 'authenticated', sub: house.plant() }), house.plant()]
    .map(inBase64url)
    .join('.')
  const session = `${house.plant().slice(0, 32)}.${'a'.repeat(42)}A=`
  if (header === 'cookie')
    return [`keyloft.session_token=${session}`, `keyloft.session_token=${encodeURIComponent(session)}; other=${house.plant()}`]
  const values = [house.plant(), house.plant('klt_'), house.plant('sk-'), jwt, session]
  return header.includes('authorization')
    ? [...values.map((value) => `Bearer ${value}`), `Basic ${Buffer.from(`user:${house.plant()}`).toString('base64')}`, house.plant()]
    : values
}

export function* headerCalls(house: House, { paths }: ApiDocument): Generator<Request> {
  for (const [method, url] of operations(paths)) {
    for (const header of credentialHeaders) {
      for (const value of credentials(house, header)) yield { method, url, headers: { [header]: value } }
    }
    const query = `?key=${house.plant()}&api_key=${house.plant('%22')}`
    yield { method, url: url + query }
    yield { method, url: `${url}/${house.plant()}` }
  }
}

/** A body field's secret where it does not belong, by somebody who may call the route. */
export function* bodyCalls(house: House, field: string, headers: Record<string, string>): Generator<Request> {
  const [method, path = '', place = ''] = field.split(' ')
  const [where, ...names] = place.split('.')
  if (where !== 'body') return
  const call = (payload: string | object, type = 'application/json'): Request => ({
    method: method as Request['method'],
    url: fill(path),
    headers: { ...headers, 'content-type': type },
    payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
  })
  const within = (value: unknown) =>
    names.reduceRight<unknown>((inner, name) => (name === '*' ? [inner] : { [name]: inner }), value) as object
  yield call(within(house.plant()))
  yield call(within([house.plant()]))
  yield call(within({ inner: house.plant() }))
  yield call(within(house.plant().repeat(200)))
  yield call(within(`${house.plant()}\0\ud800`))
  yield call({ ...within(house.plant()), another: house.plant() })
  yield call(JSON.stringify(within(house.plant())).slice(0, -2))
  yield call(`${house.plant()} is no JSON`)
  yield call(within(house.plant()), 'text/plain')
  yield call(new URLSearchParams({ [names.join('.')]: house.plant() }).toString(), 'application/x-www-form-urlencoded')
  yield {
    ...call(within(house.plant())),
    headers: { ...headers, 'content-type': 'application/json', 'idempotency-key': 'one-and-the-same' },
  }
}

const verbs = ['get', 'post', 'put', 'patch', 'delete']

function operations(paths: ApiDocument['paths']): [Request['method'], string][] {
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.keys(item)
      .filter((verb) => verbs.includes(verb))
      .map((verb): [Request['method'], string] => [verb.toUpperCase() as Request['method'], fill(path)]),
  )
}

const fill = (path: string) => path.replaceAll(/\{\w+\}/g, '00000000-0000-4000-8000-000000000000')

/** What is no HTTP at all is answered by Node, before any of our code. */
export async function brokenCalls(house: House, app: FastifyInstance): Promise<void> {
  const { connect } = await import('node:net')
  await app.listen({ port: 0, host: '127.0.0.1' })
  const address = app.server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const say = (text: string) =>
    new Promise<void>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(text))
      socket.on('data', (reply) => house.sinks.note('the reply to what is no HTTP', reply))
      socket.on('error', () => resolve())
      socket.on('close', () => resolve())
      socket.setTimeout(300, () => socket.destroy())
    })
  const secret = house.plant()
  await Promise.all([
    say(`GET /health HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${secret}\r\nbad header\r\n\r\n`),
    say(`GET /health HTTP/1.1\r\nhost: a\r\nx-api-key: ${secret.repeat(2_000)}\r\n\r\n`),
    say(`${secret} /health HTTP/1.1\r\n\r\n`),
    say(`GET /${secret} ${secret} HTTP/1.1\r\n\r\n`),
    say(`POST /api/tokens/revoke HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{"token":"${secret}`),
    say(`POST /api/tokens/revoke HTTP/1.1\r\nhost: ${secret}@b\r\ncontent-length: 0\r\n\r\n`),
  ])
}
