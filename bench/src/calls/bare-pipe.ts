import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Pool } from 'undici'
import { announce } from './announce.ts'

/* Carries bodies of any length both ways, and does nothing else. */

const [, , provider = ''] = process.argv
const pool = new Pool(provider, { connections: 16 })

const server = createServer((request, response) => {
  const { 'content-length': length } = request.headers
  pool.dispatch(
    {
      path: `/v1${request.url?.replace('/proxy/openai', '')}`,
      method: request.method as 'GET',
      headers: { authorization: 'Bearer sk-mock', ...(length === undefined ? {} : { 'content-length': length }) },
      body: request.method === 'GET' ? null : request,
    },
    {
      onRequestStart() {},
      onResponseStart(controller, status, { 'content-length': told }) {
        response.writeHead(status, told === undefined ? {} : { 'content-length': String(told) })
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
server.listen(0, '127.0.0.1', () => announce((server.address() as AddressInfo).port))
