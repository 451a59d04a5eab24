import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Pool } from 'undici'
import { announce } from './announce.ts'

/* A proxy that does nothing but carry: node:http in front, undici's dispatch behind. 1.0, by definition. */

const [, , provider = ''] = process.argv
const pool = new Pool(provider, { connections: 512 })

const server = createServer((request, response) => {
  const pieces: Buffer[] = []
  request.on('data', (piece: Buffer) => pieces.push(piece))
  request.on('end', () => {
    const body = pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces)
    pool.dispatch(
      {
        path: '/v1/chat/completions',
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: 'Bearer sk-mock' },
        body,
      },
      {
        onRequestStart() {},
        onResponseStart(controller, status, { 'content-type': type = '', 'content-length': length = '' }) {
          response.writeHead(
            status,
            length === '' ? { 'content-type': String(type) } : { 'content-type': String(type), 'content-length': String(length) },
          )
          response.on('drain', () => controller.resume())
        },
        onResponseData(controller, piece) {
          if (!response.write(piece)) controller.pause()
        },
        onResponseEnd: () => void response.end(),
        onResponseError: () => void response.destroy(),
      },
    )
  })
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => announce((server.address() as AddressInfo).port))
