import { Resolver } from 'node:dns/promises'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { listenHttp, listenTcp } from '../../../test/loopback.ts'
import { createEgress, type Destination, type EgressOptions } from './egress.ts'
import { toEgressError } from './errors.ts'
import { isKnownSocket } from './known-sockets.ts'
import { askNameServers } from './resolve-host.ts'

function open(options: EgressOptions = {}) {
  const egress = createEgress(options)
  onTestFinished(() => egress.close())
  return egress
}

const hello = () => listenHttp((request, response) => response.end(`hello ${request.url}`))
const read = async ({ request }: ReturnType<typeof createEgress>, to: Destination) => (await request(to)).body.toString()
const caught = (work: () => unknown) => {
  try {
    work()
  } catch (error) {
    return error
  }
  return undefined
}

describe('a destination', () => {
  it('named by a user has one spelling, whatever was typed', () => {
    const to = open().namedByUser('HTTPS://API.Example.com:443/a/../v1/?q=1#part')
    expect(to).toMatchObject({ namedBy: 'user', origin: 'https://api.example.com', hostname: 'api.example.com', path: '/v1/?q=1' })
    expect(Object.isFrozen(to)).toBe(true)
  })

  it('named by the operator may be loopback, private and without TLS', async () => {
    const server = await hello()
    const egress = open()
    expect(await read(egress, egress.namedByOperator(`http://127.0.0.1:${server.port}/v1?q`))).toBe('hello /v1?q')
    expect(await read(egress, egress.namedByOperator(`http://localhost:${server.port}/`))).toBe('hello /')
    expect(egress.namedByOperator('http://ollama.internal:11434/v1').origin).toBe('http://ollama.internal:11434')
  })

  it.each(['file:///etc/passwd', 'unix:/run/x.sock', 'http://user:secret@localhost/', 'localhost:11434', ''])(
    'named by the operator must still be one: %j',
    (url) => {
      expect(caught(() => open().namedByOperator(url))).toMatchObject({ status: 400, code: expect.stringMatching(/^egress\./) })
    },
  )

  it('has places beneath it', () => {
    const base = open().namedByUser('https://api.example.com/v1/')
    expect(base.at('/models').path).toBe('/v1/models')
    expect(base.at('/models?limit=1').at('/gpt').path).toBe('/v1/models/gpt')
    expect(open().namedByUser('https://api.example.com').at('/models').path).toBe('/models')
    expect(base.at('//evil.example.com/').origin).toBe('https://api.example.com')
  })

  it.each([
    'models',
    '',
    '@evil.example.com/',
    '.evil.example.com/',
    ':80/',
    '/../admin',
    '/%2e%2e/admin',
    '/./../../',
    '/..',
    '\\..\\admin',
    '/\\../admin',
    '/a/../../v2',
  ])('has none that leave it: %j', (path) => {
    const egress = open()
    for (const base of [egress.namedByUser('https://api.example.com/v1'), egress.namedByOperator('http://localhost/v1')]) {
      expect(caught(() => base.at(path))).toMatchObject({ code: 'egress.url_invalid' })
    }
  })

  it('cannot be made up', async () => {
    const egress = open()
    const forged = { ...egress.namedByUser('https://api.example.com/'), namedBy: 'operator' as const, origin: 'http://127.0.0.1' }
    await expect(egress.request(forged)).rejects.toThrow('not made by this door')
    expect(() => egress.dispatcherFor(open().namedByOperator('http://127.0.0.1'))).toThrow('not made by this door')
  })
})

describe('what an operator may allow', () => {
  it('is a port, plain http, a network and a name, each of which opens nothing else', async () => {
    const server = await hello()
    const url = (scheme: string, host: string) => `${scheme}://${host}:${server.port}/`
    const allow = { ports: [server.port], plainHttp: true, networks: ['127.0.0.1/32'], names: ['LLM.corp.internal'] }
    const resolve = async () => ['127.0.0.1']
    const egress = open({ allow, resolve })
    expect((await egress.request(url('http', 'llm.corp.internal'))).status).toBe(200)
    expect((await egress.request(url('http', '127.0.0.1'))).status).toBe(200)

    const without: [keyof typeof allow, string][] = [
      ['ports', 'egress.port_refused'],
      ['plainHttp', 'egress.scheme_refused'],
      ['networks', 'egress.host_refused'],
      ['names', 'egress.host_refused'],
    ]
    for (const [missing, code] of without) {
      const { [missing]: _, ...rest } = allow
      await expect(open({ allow: rest, resolve }).request(url('http', 'llm.corp.internal'))).rejects.toMatchObject({ code })
    }
    for (const host of ['other.corp.internal', 'a.llm.corp.internal', '127.0.0.2', 'localhost']) {
      await expect(egress.request(url('http', host))).rejects.toMatchObject({ code: 'egress.host_refused' })
    }
  })
})

describe('a dispatcher', () => {
  it('streams from its destination', async () => {
    const server = await hello()
    const egress = open()
    const to = egress.namedByOperator(`http://127.0.0.1:${server.port}/v1`)
    const answer = await egress.dispatcherFor(to).request({ origin: to.origin, path: to.path, method: 'GET' })
    expect(await answer.body.text()).toBe('hello /v1')
  })

  it('refuses a request for another origin, so that no secret goes astray', async () => {
    const server = await hello()
    const egress = open({ resolve: async () => ['127.0.0.1'] })
    const destinations = [egress.namedByOperator('http://127.0.0.1:1'), egress.namedByUser('https://api.example.com')]
    for (const to of destinations) {
      for (const origin of [`http://127.0.0.1:${server.port}`, 'https://api.example.com.', `${to.origin}/`, '', undefined]) {
        const sent = egress.dispatcherFor(to).request({ ...(origin === undefined ? {} : { origin }), path: '/', method: 'GET' })
        await expect(sent).rejects.toMatchObject({ code: 'egress.host_refused' })
      }
    }
    expect(server.connections).toBe(0)
  })

  it('cannot be led elsewhere by a path', async () => {
    const server = await hello()
    const elsewhere = await hello()
    const egress = open()
    const to = egress.namedByOperator(`http://127.0.0.1:${server.port}`)
    for (const path of [`http://127.0.0.1:${elsewhere.port}/`, `//127.0.0.1:${elsewhere.port}/`, `/@127.0.0.1:${elsewhere.port}/`]) {
      await (await egress.dispatcherFor(to).request({ origin: to.origin, path, method: 'GET' })).body.dump()
    }
    expect(elsewhere.connections).toBe(0)
  })

  it('for a user’s host never rides on a connection to the operator’s, nor the reverse', async () => {
    const server = await hello()
    const url = `http://127.0.0.1:${server.port}/`
    const egress = open()
    expect((await egress.request(egress.namedByOperator(url))).status).toBe(200)
    await expect(egress.request(url)).rejects.toMatchObject({ code: 'egress.scheme_refused' })
    expect(server.connections).toBe(1)

    const lax = open({ allow: { plainHttp: true, ports: [server.port], networks: ['127.0.0.1/32'] } })
    for (const to of [lax.namedByUser(url), lax.namedByOperator(url), lax.namedByUser(url), lax.namedByOperator(url)]) {
      await lax.request(to)
      await new Promise((resolve) => setTimeout(resolve, 20)) // a connection is free again one turn after its answer
    }
    expect(server.connections).toBe(3)
  })

  it('refuses more users’ hosts than there is room for', async () => {
    const waiting = await listenTcp()
    const egress = open({
      allow: { plainHttp: true, ports: [waiting.port], networks: ['127.0.0.1/32'] },
      limits: { userOrigins: 2, totalTimeoutMs: 300 },
      resolve: async () => ['127.0.0.1'],
    })
    const attempts = ['a', 'b', 'c'].map((name) =>
      egress.request(`http://${name}.example.com:${waiting.port}/`).catch((error) => error.code),
    )
    expect(await Promise.all(attempts)).toEqual(['egress.timeout', 'egress.timeout', 'egress.busy'])
  })

  it('of a closed door fails with a code', async () => {
    const server = await hello()
    const egress = createEgress()
    const to = egress.namedByOperator(`http://127.0.0.1:${server.port}`)
    await egress.close()
    await expect(egress.request(to)).rejects.toMatchObject({ code: 'egress.closed' })
    const failed = await egress.dispatcherFor(to).request({ origin: to.origin, path: '/', method: 'GET' }).catch(toEgressError)
    expect(failed).toMatchObject({ code: 'egress.closed', status: 503 })
  })
})

describe('the global fetch behind the door', () => {
  it('reaches only what a user may name, redirects included, until the door is taken away', async () => {
    const server = await listenHttp((request, response) => {
      if (request.url === '/inward') response.writeHead(302, { location: 'http://169.254.169.254/' })
      response.end('hello')
    })
    const egress = open({
      allow: { plainHttp: true, ports: [80, 443, server.port], networks: ['127.0.0.1/32'] },
      resolve: async () => ['127.0.0.1'],
    })
    const uninstall = egress.installGlobally()
    try {
      expect(await (await fetch(`http://gateway.example.com:${server.port}/`)).text()).toBe('hello')
      const refused = [
        `http://gateway.example.com:${server.port}/inward`,
        'http://localhost/',
        `http://[::ffff:7f00:1]:${server.port}/`,
        'https://metadata.google.internal/',
      ]
      for (const url of refused) await expect(fetch(url)).rejects.toMatchObject({ cause: { code: 'egress.host_refused' } })
      await expect(fetch('https://gateway.example.com:8443/')).rejects.toMatchObject({ cause: { code: 'egress.port_refused' } })
    } finally {
      uninstall()
    }
    expect(await (await fetch(`http://localhost:${server.port}/`)).text()).toBe('hello')
  })
})

describe('the socket for drivers', () => {
  it('is known to the door and has not dialled', () => {
    const socket = open().socket()
    expect(isKnownSocket(socket)).toBe(true)
    expect({ connecting: socket.connecting, pending: socket.pending }).toEqual({ connecting: false, pending: true })
  })
})

describe('the name servers', () => {
  afterEach(() => vi.restoreAllMocks())
  const answering = (four: string[] | Error, six: string[] | Error) => {
    for (const [method, answer] of [
      ['resolve4', four],
      ['resolve6', six],
    ] as const) {
      vi.spyOn(Resolver.prototype, method).mockImplementation((async () => {
        if (answer instanceof Error) throw answer
        return answer
      }) as never)
    }
    return askNameServers('api.example.com')
  }

  it('are asked for both kinds of address', async () => {
    await expect(answering(['93.184.216.34'], ['2606:4700::1'])).resolves.toEqual(['93.184.216.34', '2606:4700::1'])
    await expect(answering(['93.184.216.34'], new Error('ENODATA'))).resolves.toEqual(['93.184.216.34'])
    await expect(answering(new Error('ENODATA'), ['2606:4700::1'])).resolves.toEqual(['2606:4700::1'])
  })

  it('that know neither are the end of it', async () => {
    await expect(answering(new Error('ENOTFOUND'), new Error('ESERVFAIL'))).rejects.toThrow('ENOTFOUND')
  })
})
