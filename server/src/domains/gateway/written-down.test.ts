import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { createTestGateway, resolveLater } from '../../../test/gateway.ts'
import { chunked, eventStreamHead, jsonAnswer, saying, startRaw } from '../../../test/raw-provider.ts'

const stream = { model: 'mock-1', messages: [], stream: true }
const json = { model: 'mock-1', messages: [] }
const answer = { id: 'c', choices: [], usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 } }

/** A client that notes each piece when it comes. */
function listen(url: string, body: object) {
  const heard: string[] = []
  let hasHead = false
  const done = new Promise<'complete' | 'cut'>((resolve) => {
    const sent = request(`${url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json' } }, (response) => {
      hasHead = true
      response.setEncoding('utf8').on('data', (piece) => heard.push(piece))
      response.on('end', () => resolve('complete')).on('error', () => resolve('cut'))
    })
    sent.on('error', () => resolve('cut'))
    sent.end(JSON.stringify(body))
  })
  return { heard, done, hasHead: () => hasHead }
}

describe('a call is written down', () => {
  it.each([
    ['a stream', stream, Buffer.concat([Buffer.from(eventStreamHead), chunked(saying('hello')), chunked('data: [DONE]\n\n'), chunked()])],
    ['JSON', json, Buffer.from(jsonAnswer(200, answer))],
  ])('as an intent before the first byte, head included, of %s leaves, and as settled before the last', async (_, body, bytes) => {
    const provider = await startRaw(async (socket) => {
      await sleep(30)
      socket.write(bytes.subarray(0, -8))
      await sleep(30)
      socket.write(bytes.subarray(-8))
    })
    const { resolve, candidates } = resolveLater()
    const { url, at, ledger } = await createTestGateway({ resolve })
    candidates.push(at(provider.url))
    const [opening, settling] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    ledger.beforeOpen = () => opening.promise
    ledger.beforeSettle = () => settling.promise
    const { heard, done, hasHead } = listen(url, body)
    await vi.waitFor(() => expect(provider.seen).toHaveLength(1)) // the intent does not hold up the provider
    await sleep(120)
    expect(hasHead()).toBe(false)
    opening.resolve()
    await sleep(50)
    expect(heard.join('')).not.toMatch(/\[DONE\]|total_tokens/)
    settling.resolve()
    expect(await done).toBe('complete')
    expect(heard.join('')).toMatch(/\[DONE\]|total_tokens/)
    expect(ledger.settled).toHaveLength(1)
  })

  it('and a stream that ends before its first byte has left goes in one piece with its length, another in chunks', async () => {
    const bytes = Buffer.concat([Buffer.from(eventStreamHead), chunked(saying('hello')), chunked('data: [DONE]\n\n'), chunked()])
    let isAtOnce = true
    const provider = await startRaw(async (socket) => {
      if (isAtOnce) return void socket.write(bytes)
      socket.write(bytes.subarray(0, -8))
      await sleep(50)
      socket.write(bytes.subarray(-8))
    })
    const { resolve, candidates } = resolveLater()
    const { url, at } = await createTestGateway({ resolve })
    candidates.push(at(provider.url))
    const ask = async () => {
      const headers = { 'content-type': 'application/json' }
      const answer = await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body: JSON.stringify(stream) })
      return { length: answer.headers.get('content-length'), text: await answer.text() }
    }
    const whole = `${saying('hello')}data: [DONE]\n\n`
    expect(await ask()).toEqual({ length: String(whole.length), text: whole })
    isAtOnce = false
    expect(await ask()).toEqual({ length: null, text: whole })
  })

  it('and is read to its end, where its last piece came while so much of it was held that the provider had to wait', async () => {
    const bytes = Buffer.from(jsonAnswer(200, { ...answer, padding: 'x'.repeat(70_000) }))
    const provider = await startRaw(async (socket) => {
      socket.write(bytes.subarray(0, -100))
      await sleep(60)
      socket.write(bytes.subarray(-100))
    })
    const { resolve, candidates } = resolveLater()
    const { post, at, ledger } = await createTestGateway({ resolve, limits: { idleMs: 1_000 } })
    candidates.push(at(provider.url))
    ledger.beforeOpen = () => sleep(150)
    expect(await post(json)).toMatchObject({ status: 200, isCut: false })
    expect(ledger.settled[0]?.outcome).toMatchObject({ outcome: 'completed', usageBasis: 'reported' })
  })

  it('or the connection is cut without its last byte', async () => {
    const provider = await startRaw((socket) => socket.write(jsonAnswer(200, answer)))
    const { resolve, candidates } = resolveLater()
    const { post, at, ledger, problems } = await createTestGateway({ resolve, limits: { settleMs: 400 } })
    candidates.push(at(provider.url))
    let tries = 0
    ledger.beforeSettle = async () => {
      tries++
      throw new Error('the disk is full')
    }
    await expect(post(json)).rejects.toThrow(/hang up|reset/)
    expect(tries).toBeGreaterThan(1)
    expect(problems).toContain('a call was not written down')
  })

  it('or cut as well where the ledger says nothing at all', async () => {
    const provider = await startRaw(async (socket) => {
      socket.write(Buffer.concat([Buffer.from(eventStreamHead), chunked(saying('hello'))]))
      await sleep(50)
      socket.write(Buffer.concat([chunked('data: [DONE]\n\n'), chunked()]))
    })
    const { resolve, candidates } = resolveLater()
    const { post, at, ledger } = await createTestGateway({ resolve, limits: { settleMs: 200 } })
    candidates.push(at(provider.url))
    ledger.beforeSettle = () => new Promise(() => {})
    const reply = await post(stream)
    expect(reply.isCut).toBe(true)
    expect(reply.body.toString()).toBe(saying('hello'))
  })

  it('or refused: the first while the provider is asked already, the next before anything is dialled', async () => {
    const provider = await startRaw(async (socket) => {
      await sleep(100)
      socket.write(jsonAnswer(200, answer))
    })
    const { resolve, candidates } = resolveLater()
    const { post, at, ledger } = await createTestGateway({ resolve })
    candidates.push(at(provider.url))
    ledger.beforeOpen = async () => {
      await sleep(40)
      throw new Error('connection refused at 10.1.2.3')
    }
    for (let count = 0; count < 2; count++) {
      const { status, headers, body } = await post(json)
      expect(status).toBe(503)
      expect(headers['retry-after']).toBe('2')
      expect(JSON.parse(body.toString())).toEqual({
        error: {
          message: 'Calls cannot be written down at the moment, so none is made. Try again in a few seconds.',
          type: 'server_error',
          param: null,
          code: 'gateway.ledger_away',
        },
      })
    }
    expect(provider.seen).toHaveLength(1)
    ledger.beforeOpen = async () => {}
    expect((await post(json)).status).toBe(200)
  })

  it('once, where it ends before its intent is on its way', async () => {
    const provider = await startRaw((socket) => socket.write(jsonAnswer(200, answer)))
    const { resolve, candidates } = resolveLater()
    const { post, at, ledger } = await createTestGateway({ resolve })
    candidates.push(at(provider.url))
    await post(json)
    const opened = ledger.opened.length
    for (let count = 0; count < 20; count++) await post(json)
    expect(ledger.settled).toHaveLength(21)
    expect(ledger.opened.length - opened).toBeLessThan(20)
  })

  it('unless the operator wants calls even then', async () => {
    const provider = await startRaw(async (socket) => {
      await sleep(50)
      socket.write(jsonAnswer(200, answer))
    })
    const { resolve, candidates } = resolveLater()
    const { post, at, ledger, problems } = await createTestGateway({ resolve, servesUnaccounted: true, limits: { settleMs: 100 } })
    candidates.push(at(provider.url))
    ledger.beforeOpen = ledger.beforeSettle = async () => {
      throw new Error('away')
    }
    expect(await post(json)).toMatchObject({ status: 200, isCut: false })
    expect(problems).toEqual(['an intent was not committed', 'a call was not written down'])
  })
})
