import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import pg from 'pg'
import { Pool } from 'undici'
import { withDatabase } from '../throwaway.ts'
import { announce } from './announce.ts'

/*
 * The bare proxy, which besides writes one plain row for each call before its answer leaves: into a table with a primary
 * key and nothing else, all that have gathered in one commit. It knows nobody, chooses nothing, reads and prices nothing:
 * what is missing to 1.0 here is what durability alone costs on this machine, and nobody who keeps that promise is faster.
 */

const [, , provider = ''] = process.argv
const ended = new AbortController()
process.on('disconnect', () => ended.abort())

await withDatabase(ended.signal, async ({ url }) => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query('create table calls (user_id uuid, id uuid, words text, primary key (user_id, id))')
  const user = randomUUID()
  const words = 'x'.repeat(300)
  let waiting: (() => void)[] = []
  let isUnderWay = false

  async function flush() {
    isUnderWay = true
    while (waiting.length > 0) {
      const batch = waiting
      waiting = []
      await client.query({
        name: 'write',
        text: 'insert into calls select $1, id, $3 from unnest($2::uuid[]) as id',
        values: [user, `{${batch.map(() => randomUUID()).join(',')}}`, words],
      })
      for (const written of batch) written()
    }
    isUnderWay = false
  }
  const write = (written: () => void) => {
    waiting.push(written)
    if (!isUnderWay) void flush()
  }

  const pool = new Pool(provider, { connections: 512 })
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      let status = 0
      let type = ''
      const answer: Buffer[] = []
      pool.dispatch(
        {
          path: '/v1/chat/completions',
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: 'Bearer sk-mock' },
          body: pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces),
        },
        {
          onRequestStart() {},
          onResponseStart(_controller, given, headers) {
            status = given
            type = String(headers['content-type'])
          },
          onResponseData: (_controller, piece) => void answer.push(piece),
          onResponseEnd() {
            const bytes = answer.length === 1 ? (answer[0] as Buffer) : Buffer.concat(answer)
            write(() => response.writeHead(status, { 'content-type': type, 'content-length': bytes.length }).end(bytes))
          },
          onResponseError: () => void response.destroy(),
        },
      )
    })
  })
  server.keepAliveTimeout = 60_000
  server.listen(0, '127.0.0.1', () => announce((server.address() as AddressInfo).port))
  await new Promise((resolve) => process.once('disconnect', resolve))
  server.closeAllConnections()
  server.close()
  await pool.close()
  await client.end()
})
