import { randomUUID } from 'node:crypto'
import type { RequestListener } from 'node:http'
import type { LightMyRequestResponse } from 'fastify'
import type { CanaryCase } from './canary-case.ts'

const keys = '/api/profile/api-keys'

const idIn = ({ body }: LightMyRequestResponse) => /"id":"([0-9a-f-]{36})"/.exec(body)?.[1] ?? randomUUID()

/** What a provider may do with a key: say it back in every place, and fail in every way. */
const answers: Record<string, RequestListener> = {
  'takes it and says it back': ({ headers }, reply) =>
    reply.writeHead(200, { 'x-given': headers.authorization }).end(JSON.stringify({ data: [headers.authorization] })),
  'refuses it and says it back': ({ headers }, reply) =>
    reply.writeHead(401, { 'www-authenticate': headers.authorization }).end(`Incorrect key ${headers.authorization}`),
  'fails and says it back': ({ headers }, reply) => reply.writeHead(500).end(`<pre>${headers.authorization}</pre>`),
  'sends it elsewhere': ({ headers }, reply) =>
    reply.writeHead(302, { location: `http://127.0.0.1:9/?key=${headers.authorization}` }).end(),
  'hangs up': ({ socket }) => socket.destroy(),
  'hangs up in the middle': ({ headers, socket }, reply) => {
    reply.writeHead(200, { 'content-length': 9_999 }).write(headers.authorization)
    setTimeout(() => socket.destroy(), 20)
  },
  'speaks no HTTP': ({ headers, socket }) => socket.end(`${headers.authorization} is no HTTP\r\n\r\n`),
  'says it back in a broken header': ({ headers, socket }) => socket.end(`HTTP/1.1 200 OK\r\n${headers.authorization}\r\n\r\n`),
  'says it back too often': ({ headers }, reply) => reply.end(headers.authorization?.repeat(20_000)),
}

export const vaultCases: Record<string, CanaryCase> = {
  'a person keeps provider keys': {
    fields: [`POST ${keys} body.apiKey`, `PUT ${keys}/{id} body.apiKey`, 'PUT /api/profile/gateway body.apiKey'],
    reaches: [200, 201, 204, 400, 404, 409],
    async run(house) {
      const { headers } = await house.person()
      const send = (method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, payload?: object, more: Record<string, string> = {}) =>
        house.send({ method, url, headers: { ...headers, ...more }, ...(payload ? { payload } : {}) })

      const once = { 'idempotency-key': randomUUID() }
      const key = { provider: 'openai', apiKey: house.plant() }
      const id = idIn(await send('POST', keys, key, once))
      await send('POST', keys, key, once)
      await send('POST', keys, { ...key, apiKey: house.plant() }, once)
      await send('POST', keys, { ...key, apiKey: house.plant() })
      await send('POST', keys, { provider: 'nobody', apiKey: house.plant() })
      for (const apiKey of [`two words ${house.plant()}`, `${house.plant()}\r\nx: y`, `${house.plant()}é`]) {
        await send('POST', keys, { ...key, apiKey })
      }
      for (const baseUrl of [
        `https://user:${house.plant()}@example.com`,
        `https://example.com/v1?key=${house.plant()}`,
        house.plant('ftp://'),
      ]) {
        await send('POST', keys, { provider: 'gateway', apiKey: house.plant(), baseUrl })
        await send('PUT', '/api/profile/gateway', { baseUrl })
      }
      await send('PUT', `${keys}/${id}`, { apiKey: house.plant() })
      await send('PUT', `${keys}/${randomUUID()}`, { apiKey: house.plant() })
      await send('PUT', '/api/profile/gateway', { baseUrl: null, apiKey: house.plant() })
      await send('PUT', '/api/profile/gateway', { baseUrl: 'https://gateway.example.com/v1', apiKey: house.plant() })
      await send('GET', keys)
      await send('GET', '/api/profile/gateway')
      await send('DELETE', '/api/profile/gateway')
      await send('DELETE', `${keys}/${id}`)
    },
  },

  'a provider is asked about a key': {
    fields: [`POST ${keys} body.apiKey`, `PUT ${keys}/{id} body.apiKey`],
    reaches: [200, 201],
    async run(house) {
      const { headers } = await house.person()
      const usual = house.provider.answer
      try {
        const added = await house.send({
          method: 'POST',
          url: keys,
          headers,
          payload: { provider: 'openai', apiKey: house.plant(), verify: true },
        })
        const url = `${keys}/${idIn(added)}`
        for (const answer of Object.values(answers)) {
          house.provider.answer = answer
          await house.send({ method: 'PUT', url, headers, payload: { apiKey: house.plant(), verify: true } })
        }
        await house.send({ method: 'POST', url: `${url}/verify`, headers })
      } finally {
        house.provider.answer = usual
      }
    },
  },

  'an app’s backend keeps keys for people': {
    fields: ['POST /rest/v1/rpc/insert_user_api_key body.p_api_key'],
    reaches: [200, 204, 400, 409],
    async run(house) {
      const { id } = await house.person()
      const headers = await house.service()
      const call = (name: string, payload: object, reveals?: string) =>
        house.send({ method: 'POST', url: `/rest/v1/rpc/${name}`, headers, payload }, reveals)
      const of = { p_user_id: id, p_service: 'openai' }
      const secret = house.plant()
      await call('insert_user_api_key', { ...of, p_api_key: secret })
      await call('get_user_api_key', of, secret) // this is what it is there for
      await call('insert_user_api_key', { ...of, p_user_id: randomUUID(), p_api_key: house.plant() })
      await call('insert_user_api_key', { ...of, p_user_id: 'test-user', p_api_key: house.plant() })
      await call('insert_user_api_key', { ...of, p_service: 'nobody', p_api_key: house.plant() })
      await call('insert_user_api_key', { ...of, p_api_key: `two words ${house.plant()}` })
      await call('upsert_user_gateway_config', { p_user_id: id, p_base_url: `https://user:${house.plant()}@example.com` })
      await call('delete_user_api_key', of)
    },
  },
}
