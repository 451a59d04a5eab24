import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { announce } from './announce.ts'

/* A provider that takes in and gives out as many bytes as it is asked to. */

const piece = Buffer.alloc(64 * 1024, 'x')

async function give(response: ServerResponse, bytes: number) {
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes })
  for (let left = bytes; left > 0 && !response.destroyed; left -= piece.length) {
    const isTaken = response.write(left >= piece.length ? piece : piece.subarray(0, left))
    if (!isTaken) await new Promise((resolve) => response.once('drain', resolve))
  }
  response.end()
}

async function take(request: IncomingMessage, response: ServerResponse) {
  let bytes = 0
  request.on('data', (taken: Buffer) => {
    bytes += taken.length
  })
  request.on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ bytes })))
}

const server = createServer((request, response) => {
  const bytes = /\?bytes=(\d+)/.exec(request.url ?? '')?.[1]
  void (bytes === undefined ? take(request, response) : give(response, Number(bytes)))
})
server.listen(0, '127.0.0.1', () => announce((server.address() as AddressInfo).port))
