import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { heardOf, meet, sentOf, streamed } from '../../../test/hostile/meet.ts'
import { type Stream, type StreamEvent, streams } from '../../../test/hostile/streams.ts'
import { chunked, dribble, eventStreamHead, jsonAnswer, type Script } from '../../../test/raw-provider.ts'

/*
 * Providers that are up to something, each in every dialect that streams. See meet() for what must hold in any case.
 */

const crlf = (text: string) => text.replace(/\r?\n/g, '\r\n')
const cr = (text: string) => text.replace(/\r?\n/g, '\r')
const mangled = (mangle: (text: string) => string) => (event: StreamEvent) => ({ sent: mangle(event.sent), heard: mangle(event.heard) })

/** Ways to send an answer in which nothing is amiss. */
const faithful: Record<string, (stream: Stream) => { send: Script; heard?: string }> = {
  'byte by byte, inside of characters and line ends': (stream) => ({
    send: async (socket) => {
      const bytes = Buffer.concat([...Buffer.from(sentOf(stream))].map((byte) => chunked(Buffer.of(byte))))
      socket.setNoDelay().write(eventStreamHead)
      await dribble(socket, bytes.subarray(0, 200), 0)
      for (let at = 200; at < bytes.length; at += 997) socket.write(bytes.subarray(at, at + 997))
      socket.write(chunked())
    },
  }),
  'with CRLF': ({ events }) => sendEvents(events.map(mangled(crlf))),
  'with CR alone': ({ events }) => sendEvents(events.map(mangled(cr))),
  'with comments and blank lines in between': ({ events }) =>
    sendEvents(events.map(({ sent, heard }) => ({ sent: `: still here\n\n\n${sent}`, heard: `: still here\n\n\n${heard}` }))),
  'with a mark of byte order': (stream) => ({
    send: (socket) => socket.write(streamed(`\ufeff${sentOf(stream)}`)),
    heard: `\ufeff${heardOf(stream)}`,
  }),
  'with a line of ten megabytes in it': (stream) => {
    const line = `: ${'y'.repeat(10_000_000)}\n\n`
    return { send: (socket) => socket.write(streamed(line, sentOf(stream))), heard: line + heardOf(stream) }
  },
  'with events that are no JSON': (stream) => {
    const junk = 'data: {"usage": oops\n\ndata: ]["usage"\n\nevent: x\n\ndata\n\n'
    return { send: (socket) => socket.write(streamed(junk, sentOf(stream))), heard: junk + heardOf(stream) }
  },
  'after heads that only inform': (stream) => ({
    send: (socket) => {
      for (let heads = 0; heads < 3; heads++) socket.write('HTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\n\r\n')
      socket.write(streamed(sentOf(stream)))
    },
  }),
  'with trailers': (stream) => ({
    send: (socket) =>
      socket.write(
        Buffer.concat([Buffer.from(eventStreamHead), chunked(sentOf(stream)), Buffer.from('0\r\nx-trailer: 1\r\nset-cookie: a=b\r\n\r\n')]),
      ),
  }),
  'with its length': (stream) => ({
    send: (socket) => socket.write(`${headOfType}content-length: ${Buffer.byteLength(sentOf(stream))}\r\n\r\n${sentOf(stream)}`),
  }),
  'until the connection ends, without a length': (stream) => ({
    send: (socket) => socket.end(`${headOfType}connection: close\r\n\r\n${sentOf(stream)}`),
  }),
}

const headOfType = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n'

function sendEvents(events: StreamEvent[]): { send: Script; heard: string } {
  const sent = events.map((event) => event.sent).join('')
  return { send: (socket) => socket.write(streamed(sent)), heard: events.map(({ heard }) => heard).join('') }
}

/** An answer that is whole, and tells no usage. What came is counted. */
const silent: Record<string, (stream: Stream) => string> = {
  'leaves it out': () => '',
  'says null': ({ lie }) => lie('null'),
  'says a list': ({ lie }) => lie('[5,7]'),
  'says a text': ({ lie }) => lie('"lots"'),
}

/** What breaks, when something of the answer has come. The client hears that, and that it was not all. */
const broken: Record<string, (stream: Stream, begin: string) => Script> = {
  'cut in the middle of an event': (_, begin) => (socket) =>
    socket.end(Buffer.concat([Buffer.from(eventStreamHead), chunked(begin), chunked('data: {"ha').subarray(0, 9)])),
  'torn off': (_, begin) => (socket) => {
    socket.write(Buffer.concat([Buffer.from(eventStreamHead), chunked(begin)]), () => setTimeout(() => socket.resetAndDestroy(), 20))
  },
  'shorter than it said': (stream, begin) => (socket) => {
    socket.write(`${headOfType}content-length: ${Buffer.byteLength(sentOf(stream))}\r\n\r\n${begin}`)
    setTimeout(() => socket.end(), 20)
  },
  'with a chunk that has no length': (_, begin) => (socket) => {
    socket.write(Buffer.concat([Buffer.from(eventStreamHead), chunked(begin)]))
    setTimeout(() => socket.write('zz\r\n\r\n'), 20)
  },
  'silent from its middle on': (_, begin) => (socket) => socket.write(Buffer.concat([Buffer.from(eventStreamHead), chunked(begin)])),
  'without an end': (stream, begin) => async (socket) => {
    socket.write(Buffer.concat([Buffer.from(eventStreamHead), chunked(begin)]))
    for (; !socket.destroyed; await sleep(10)) socket.write(chunked(stream.events[2]?.sent))
  },
  'in a drip of bytes': (_, begin) => async (socket) => {
    socket.setNoDelay().write(Buffer.concat([Buffer.from(eventStreamHead), chunked(begin)]))
    await dribble(socket, Buffer.from(chunked('x').toString().repeat(10_000)))
  },
}

/** Nothing that could be passed on. The client hears a refusal of ours, in its dialect, that tells nothing of the inside. */
const unusable: Record<string, { answer: string | Buffer; retried?: true; isEnd?: true; status?: number }> = {
  'hangs up before a byte': { answer: '', retried: true, isEnd: true },
  'hangs up within its head': { answer: 'HTTP/1.1 200 OK\r\ncontent-ty', retried: true, isEnd: true },
  'speaks no HTTP': { answer: '\0\0garbage\r\n\r\n' },
  'speaks an older HTTP than there is': { answer: 'ICY 200 OK\r\n\r\n' },
  'switches protocols': { answer: 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n', retried: true },
  'redirects (301)': { answer: redirect(301) },
  'redirects (302)': { answer: redirect(302) },
  'redirects (307)': { answer: redirect(307) },
  'redirects (308)': { answer: redirect(308) },
  'says that nothing changed': { answer: 'HTTP/1.1 304 Not Modified\r\n\r\n' },
  'floods with a header': { answer: `HTTP/1.1 200 OK\r\nx: ${'z'.repeat(500_000)}\r\n\r\n` },
  'floods with headers': { answer: `HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(50_000)}\r\n` },
  'has NUL in a header': { answer: `${headOfType}x-request-id: a\0b\r\ncontent-length: 2\r\n\r\nhi` },
  'has a header without a name': { answer: `${headOfType}: a\r\ncontent-length: 2\r\n\r\nhi` },
  'says its length twice': { answer: `${headOfType}content-length: 2\r\ncontent-length: 5\r\n\r\nhello` },
  'says its length and that it comes in chunks': {
    answer: `${headOfType}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
  },
  'has a length that is no number': { answer: `${headOfType}content-length: -5\r\n\r\nhello` },
}

function redirect(status: number): string {
  return `HTTP/1.1 ${status} There\r\nlocation: http://169.254.169.254/latest\r\ncontent-length: 0\r\n\r\n`
}

const inside = /127\.0\.0\.1|169\.254|node_modules|\.ts\b|ECONN|UND_ERR|HPE_/

/** Its own words pass, and it is asked again where that may help. */
const refusing: Record<string, { status: number; headers?: Record<string, string>; requests: number }> = {
  'is busy, for a minute': { status: 429, headers: { 'retry-after': '60' }, requests: 1 },
  'is busy, for no time': { status: 429, headers: { 'retry-after': '0' }, requests: 2 },
  'is busy, for a time that is none': { status: 429, headers: { 'retry-after': 'soon' }, requests: 2 },
  'is busy': { status: 429, requests: 2 },
  'knows no such key': { status: 401, requests: 1 },
  'wants another request': { status: 400, requests: 1 },
  fails: { status: 500, requests: 2 },
  'is crowded': { status: 529, requests: 2 },
  'says a status that nobody knows': { status: 799, requests: 2 },
}

describe.each(Object.entries(streams))('%s', (_, stream) => {
  const half = stream.events.slice(0, Math.ceil(stream.events.length / 2))
  const halfSent = half.map(({ sent }) => sent).join('')
  const halfHeard = half.map(({ heard }) => heard).join('')
  const pieces = halfSent.split(stream.pieceMark).length - 1

  it.each(Object.entries(faithful))('sent %s is heard as it was sent, and its usage is in the books', async (_what, make) => {
    const { send, heard = heardOf(stream) } = make(stream)
    const met = await meet(stream, send)
    expect(met).toMatchObject({ status: 200, isCut: false, requests: 1 })
    expect(met.body.equals(Buffer.from(heard))).toBe(true)
    expect(met.outcome).toMatchObject({ outcome: 'completed', status: 200, usageBasis: 'reported', usage: stream.usage })
  })

  it.each(Object.entries(silent))('of a provider that %s for a usage is heard, and estimated', async (_what, make) => {
    const met = await meet(stream, (socket) => socket.write(streamed(halfSent + make(stream))))
    expect(met).toMatchObject({ status: 200, isCut: false })
    expect(met.body.toString().startsWith(halfHeard)).toBe(true)
    expect(met.outcome).toMatchObject({ outcome: 'completed', usageBasis: 'estimated' })
    expect(met.outcome.usage?.outputTokens).toBeGreaterThanOrEqual(pieces)
    expect(met.outcome.usage?.inputTokens).toBeGreaterThan(0)
  })

  it.each(Object.entries(broken))('that is %s is heard as far as it came, as broken off, and estimated', async (_what, make) => {
    const met = await meet(stream, make(stream, halfSent), { limits: { idleMs: 400, totalMs: 800 } })
    expect(met).toMatchObject({ status: 200, isCut: true, requests: 1 })
    expect(met.body.toString().startsWith(halfHeard)).toBe(true)
    expect(met.outcome).toMatchObject({ outcome: 'failed', status: 200, usageBasis: 'estimated' })
    expect(met.outcome.usage?.outputTokens).toBeGreaterThanOrEqual(pieces)
  })

  it.each(Object.entries(unusable))(
    'of a provider that %s is refused in words of ours',
    async (_what, { answer, retried = false, isEnd = false }) => {
      const met = await meet(stream, (socket) => (isEnd ? socket.end(answer) : socket.write(answer)))
      expect(met).toMatchObject({ status: 502, isCut: false, requests: retried ? 2 : 1 })
      expect(stream.codeOf(JSON.parse(met.body.toString()))).toMatch(/^gateway\.(bad_answer|unreachable)$/)
      expect(met.body.toString()).not.toMatch(inside)
      expect(met.outcome).toMatchObject({ outcome: 'failed', usageBasis: 'none' })
    },
  )

  it('of a provider that never says a word is refused, and it is hung up on', async () => {
    const met = await meet(stream, () => {}, { limits: { firstByteMs: 150 } })
    expect(met).toMatchObject({ status: 504, isCut: false, requests: 1 })
    expect(stream.codeOf(JSON.parse(met.body.toString()))).toBe('gateway.too_slow')
    expect(met.outcome).toMatchObject({ outcome: 'failed', usageBasis: 'none' })
  })

  it.each(Object.entries(refusing))(
    'of a provider that %s is refused in its own words',
    async (_what, { status, headers = {}, requests }) => {
      const words = { error: { message: 'No.', type: 'some_error' } }
      const met = await meet(stream, (socket) => socket.write(jsonAnswer(status, words, headers)))
      expect(met).toMatchObject({ status, isCut: false, requests, headers })
      expect(JSON.parse(met.body.toString())).toEqual(words)
      expect(met.outcome).toMatchObject({ outcome: 'failed', status, usageBasis: 'none' })
    },
  )

  it('packed, though it was not asked for, is handed on as packed, and its usage is unknown', async () => {
    const packed = gzipSync(sentOf(stream))
    const head = `${headOfType}content-encoding: gzip\r\ncontent-length: ${packed.length}\r\n\r\n`
    const met = await meet(stream, (socket) => socket.write(Buffer.concat([Buffer.from(head), packed])))
    expect(met).toMatchObject({ status: 200, isCut: false, headers: { 'content-encoding': 'gzip' } })
    expect(gunzipSync(met.body).toString()).toBe(sentOf(stream))
    expect(met.outcome).toMatchObject({ outcome: 'completed', usageBasis: 'unknown' })
  })

  it('that is longer than it said is heard as long as it said, and the rest is nobody’s', async () => {
    const sent = sentOf(stream)
    const met = await meet(stream, (socket) => socket.write(`${headOfType}content-length: ${Buffer.byteLength(halfSent)}\r\n\r\n${sent}`))
    expect(met).toMatchObject({ status: 200, isCut: false, requests: 1 })
    expect(met.body.toString()).toBe(halfHeard)
  })

  it('that has a body where there may be none is heard without', async () => {
    const head = 'HTTP/1.1 204 No Content\r\ncontent-type: text/event-stream\r\ncontent-length: 5\r\n\r\n'
    const met = await meet(stream, (socket) => socket.write(`${head}hello`))
    expect(met).toMatchObject({ status: 204, isCut: false, requests: 1, body: Buffer.of() })
    expect(met.outcome).toMatchObject({ outcome: 'completed', status: 204 })
  })

  it.runIf(stream.saysItsEnd)('that goes on and on after its end is not listened to, and what it used is in the books', async () => {
    const met = await meet(stream, (socket) => socket.write(streamed(sentOf(stream), 'x'.repeat(200_000))))
    expect(met.isCut || met.status === 502).toBe(true)
    expect(met.outcome).toMatchObject({ outcome: 'failed', usageBasis: 'reported', usage: stream.usage })
  })

  it('that is no stream, though one was asked for, is handed on', async () => {
    const words = { id: 'x', usage: null }
    const met = await meet(stream, (socket) => socket.write(jsonAnswer(200, words)))
    expect(met).toMatchObject({ status: 200, isCut: false, requests: 1 })
    expect(JSON.parse(met.body.toString())).toEqual(words)
    expect(met.outcome).toMatchObject({ outcome: 'completed', usageBasis: 'unknown' })
  })
})
