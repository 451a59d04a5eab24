import { connect, type Socket } from 'node:net'

export interface Loaded {
  perSecond: number
  p50Ms: number
  p99Ms: number
  calls: number
}

/**
 * Calls one after another on each of so many connections. It does as little as can be done, since it shares the
 * machine with what it measures: bytes written as they stand, and of an answer only its end is looked for.
 */
export async function load(request: Buffer, port: number, { lanes, forMs }: { lanes: number; forMs: number }): Promise<Loaded> {
  const latencies: number[] = []
  const started = performance.now()
  await Promise.all(Array.from({ length: lanes }, () => lane(request, port, started + forMs, latencies)))
  const seconds = (performance.now() - started) / 1_000
  const sorted = Float64Array.from(latencies).sort()
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
  return { perSecond: latencies.length / seconds, p50Ms: at(0.5), p99Ms: at(0.99), calls: latencies.length }
}

function lane(request: Buffer, port: number, endAt: number, latencies: number[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ host: '127.0.0.1', port, noDelay: true })
    let began = 0
    let left = -1
    let head = ''
    const next = () => {
      began = performance.now()
      left = -1
      head = ''
      socket.write(request)
    }
    socket.on('connect', next)
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('the connection was closed')))
    socket.on('data', (piece) => {
      if (left < 0) {
        head += piece.toString('latin1')
        const end = head.indexOf('\r\n\r\n')
        if (end < 0) return
        if (!head.startsWith('HTTP/1.1 200')) return reject(new Error(head))
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
