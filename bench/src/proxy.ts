import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { beginProcess, type Contestant } from './calls/contestant.ts'
import { type Bar, type Figure, figureOf } from './figures.ts'

/*
 * One body of 1 GB up and one down through /proxy, against a bare proxy in front of the same provider, in rounds that take
 * turns; and the most memory that they added while they passed.
 */

const MIB = 2 ** 20
const bodyBytes = 1024 * MIB
const warmUpBytes = 64 * MIB
const rounds = 3
const piece = Buffer.alloc(64 * 1024, 'x')
const againstBare: Bar = { on: 'ratio', atLeast: 0.6 }
const added: Bar = { on: 'value', atMost: 32 }

interface Passed {
  mbPerSecond: number
  addedMb: number
}

export async function proxy(signal: AbortSignal): Promise<Figure[]> {
  const begun: Contestant[] = []
  const begin = async (name: string, ...args: string[]) => {
    const contestant = await beginProcess(name, args, signal)
    begun.push(contestant)
    return contestant
  }
  try {
    const { url } = (await begin('bulk-provider')).announced
    const contestants = { bare: await begin('bare-pipe', url), ours: await begin('ours', url) }
    const figures: Figure[] = []
    for (const direction of ['up', 'down'] as const) {
      const seen: Record<keyof typeof contestants, Passed[]> = { bare: [], ours: [] }
      for (let round = -1; round < rounds; round++) {
        for (const name of ['bare', 'ours'] as const) {
          signal.throwIfAborted()
          const passed = await pass(contestants[name], direction, round < 0 ? warmUpBytes : bodyBytes)
          if (round >= 0) seen[name].push(passed)
        }
      }
      const figure = (what: string, unit: Figure['unit'], bar: Bar, pick: (passed: Passed) => number) =>
        figureOf({ what: `1 GB ${direction}, ${what}`, unit, bar }, seen.ours.map(pick), {
          what: 'bare proxy',
          values: seen.bare.map(pick),
        })
      figures.push(figure('throughput', 'MB/s', againstBare, ({ mbPerSecond }) => mbPerSecond))
      figures.push(figure('memory added at most', 'MB', added, ({ addedMb }) => addedMb))
    }
    return figures
  } finally {
    for (const contestant of begun) contestant.end()
  }
}

async function pass(contestant: Contestant, direction: 'up' | 'down', bytes: number): Promise<Passed> {
  const before = (await contestant.spent()).memoryMb
  let most = before
  let isOver = false
  const watching = (async () => {
    while (!isOver) {
      most = Math.max(most, (await contestant.spent()).memoryMb)
      await sleep(50)
    }
  })()
  const began = performance.now()
  await (direction === 'up' ? send(contestant, bytes) : fetchBytes(contestant, bytes))
  const seconds = (performance.now() - began) / 1_000
  isOver = true
  await watching
  return { mbPerSecond: bytes / MIB / seconds, addedMb: most - before }
}

function send({ announced: { url, headers } }: Contestant, bytes: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const type = { 'content-type': 'application/octet-stream', 'content-length': String(bytes) }
    const sent = request(`${url}/proxy/openai/bulk`, { method: 'POST', headers: { ...headers, ...type } }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part) => {
        text += part
      })
      response.on('end', () => (text === JSON.stringify({ bytes }) ? resolve() : reject(new Error(`not all came: ${text}`))))
    })
    sent.on('error', reject)
    let left = bytes
    const write = () => {
      while (left > 0) {
        left -= piece.length
        if (!sent.write(piece)) return void sent.once('drain', write)
      }
      sent.end()
    }
    write()
  })
}

function fetchBytes({ announced: { url, headers } }: Contestant, bytes: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/proxy/openai/bulk?bytes=${bytes}`, { headers }, (response) => {
      let received = 0
      response.on('data', (part: Buffer) => {
        received += part.length
      })
      response.on('error', reject)
      response.on('end', () => (received === bytes ? resolve() : reject(new Error(`not all came: ${received}, ${response.statusCode}`))))
    })
    sent.on('error', reject)
    sent.end()
  })
}
