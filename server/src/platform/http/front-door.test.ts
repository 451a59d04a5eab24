import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { openFrontDoor } from './front-door.ts'

const local = { host: '127.0.0.1', port: 0 }
const follow = async (url: string): Promise<IncomingMessage> => {
  const request = get(url)
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  return response
}

describe('the front door', () => {
  it('tells those who come before anything is built to come back, and that the process is alive', async () => {
    const door = await openFrontDoor(local)
    const early = await fetch(`${door.url}/api/anything`)
    expect([early.status, early.headers.get('retry-after'), ((await early.json()) as { code: string }).code]).toEqual([
      503,
      '2',
      'http.starting',
    ])
    expect((await fetch(`${door.url}/health`)).status).toBe(200)
    door.serve((_request, response) => void response.end('served'))
    expect(await (await fetch(door.url)).text()).toBe('served')
    await door.close(100)
  })

  it('refuses a port that is taken', async () => {
    const door = await openFrontDoor(local)
    await expect(openFrontDoor({ host: '127.0.0.1', port: Number(new URL(door.url).port) })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await door.close(0)
  })

  it('lets a request finish that is in flight', async () => {
    const door = await openFrontDoor(local)
    const arrived = Promise.withResolvers<void>()
    door.serve((_request, response) => {
      arrived.resolve()
      setTimeout(() => response.end('finished'), 200)
    })
    const reply = fetch(door.url).then((response) => response.text())
    await arrived.promise
    await door.close(5_000)
    expect(await reply).toBe('finished')
  })

  it('ends two hundred open streams when the time to drain is over', async () => {
    const door = await openFrontDoor(local)
    door.serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: first\n\n')
    })
    const streams = await Promise.all(Array.from({ length: 200 }, () => follow(door.url)))
    const ended = streams.map((stream) => new Promise((resolve) => stream.on('error', resolve).on('close', resolve).resume()))
    await door.close(300)
    await Promise.all(ended)
    expect(door.server.listening).toBe(false)
  })
})
