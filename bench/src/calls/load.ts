import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Loaded {
  perSecond: number
  p50Ms: number
  p99Ms: number
  /** From the request to the first bytes of the answer's body; the median. */
  firstMs: number
  calls: number
}

/**
 * Calls one after another on each of so many connections. It does as little as can be done, since it shares the
 * machine with what it measures: bytes written as they stand, and of an answer only its end is looked for.
 * @param spreadMs over how long the connections begin, where they should not all ask in the same moment
 */
export async function load(
  request: Buffer,
  port: number,
  { lanes, forMs, spreadMs = 0 }: { lanes: number; forMs: number; spreadMs?: number },
): Promise<Loaded> {
  const latencies: number[] = []
  const firsts: number[] = []
  const started = performance.now()
  const begin = async (index: number) => {
    await sleep((spreadMs * index) / lanes)
    return lane(request, port, started + spreadMs + forMs, { latencies, firsts })
  }
  await Promise.all(Array.from({ length: lanes }, (_, index) => begin(index)))
  const seconds = (performance.now() - started) / 1_000
  const calls = latencies.length
  return { perSecond: calls / seconds, p50Ms: at(latencies, 0.5), p99Ms: at(latencies, 0.99), firstMs: at(firsts, 0.5), calls }
}

function at(values: readonly number[], part: number): number {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}

function lane(
  request: Buffer,
  port: number,
  endAt: number,
  { latencies, firsts }: { latencies: number[]; firsts: number[] },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ host: '127.0.0.1', port, noDelay: true })
    let began = 0
    let left = -1
    let head = ''
    let isFirst = true
    const next = () => {
      began = performance.now()
      left = -1
      head = ''
      isFirst = true
      socket.write(request)
    }
    socket.on('connect', next)
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('the connection was closed')))
    const noteFirst = () => {
      if (isFirst) firsts.push(performance.now() - began)
      isFirst = false
    }
    socket.on('data', (piece) => {
      if (left >= 0) noteFirst()
      if (left < 0) {
        head += piece.toString('latin1')
        const end = head.indexOf('\r\n\r\n')
        if (end < 0) return
        if (!head.startsWith('HTTP/1.1 200')) return reject(new Error(head))
        if (head.length > end + 4) noteFirst()
        const [, length] = /content-length: (\d+)/i.exec(head.slice(0, end)) ?? []
        left = length === undefined ? 0 : Number(length) - (head.length - end - 4)
        if (length === undefined ? !head.endsWith('0\r\n\r\n') : left > 0) {
          if (length !== undefined) return
          left = Number.POSITIVE_INFINITY
          return
        }
      } else if (left === Number.POSITIVE_INFINITY) {
        if (piece.length >= 5 ? piece.toString('latin1', piece.length - 5) !== '0\r\n\r\n' : true) return
      } else {
        left -= piece.length
        if (left > 0) return
      }
      const now = performance.now()
      latencies.push(now - began)
      if (now < endAt) return next()
      socket.removeAllListeners('close').destroy()
      resolve()
    })
  })
}
