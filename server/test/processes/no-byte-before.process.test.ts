import { randomBytes } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { connectAsOwner } from '../../src/platform/database/owner.ts'
import { unevenHours } from '../ledger.ts'
import { asTestClient } from '../socket-guard.ts'
import { startPaced } from './paced-provider.ts'
import { connect, installKeyloft, ownerUrlOf, start, stop, until } from './run-keyloft.ts'
import { signUp } from './sign-up.ts'

/*
 * Promise 5 with the moment held still: while the books cannot be written, because somebody else has locked them, nothing
 * of an answer leaves, nor the end of one that has begun; and who kills the server in that moment finds the books true.
 */

const sandbox = installKeyloft()
const content = Array.from({ length: 80 }, (_, index) => `word${index}`).join(' ')

test('no byte leaves before its intent is committed, and no end before its outcome is', { timeout: 120_000 }, () =>
  asTestClient(async () => {
    const provider = await startPaced(5)
    const dataDir = sandbox.newDataDir()
    const env = { OPENAI_BASE_URL: `${provider.url}/v1`, JWT_SECRET: randomBytes(48).toString('base64'), LOG_LEVEL: 'fatal' }
    const server = await start(sandbox, dataDir, { env })
    const token = await signUp(server.base, 1)
    const warm = listen(server.base, token, 'call-warm')
    await until('a call is whole', () => warm.isWhole)

    // One call has begun; then the books are locked; then another one comes.
    const begun = listen(server.base, token, 'call-begun')
    await until('it has begun', () => begun.text.includes('word2'))
    const locker = await connect(dataDir)
    await locker.query('begin; lock table keyloft.holds, keyloft.journal, public.usage_records in access exclusive mode')
    const come = listen(server.base, token, 'call-come')
    await until('the provider answers it', () => provider.counts.has('call-come'))
    await until('the first has come to its last word', () => begun.text.includes('word79'))
    await sleep(300)
    expect(come).toMatchObject({ hasHead: false, text: '' })
    expect(begun.text).not.toContain('[DONE]')

    server.signal('SIGKILL')
    await server.ended
    await until('both have heard it', () => begun.isOver && come.isOver)
    expect(come).toMatchObject({ hasHead: false, text: '' })
    expect(begun.isWhole || begun.text.includes('[DONE]')).toBe(false)
    await locker.query('rollback')
    await locker.end()

    const again = await start(sandbox, dataDir, { env })
    const owner = await connectAsOwner(ownerUrlOf(dataDir))
    const books = await readBooks(dataDir)
    expect(books['call-warm']).toEqual([{ outcome: 'completed', basis: 'reported' }])
    // What had been sent to the database may have been committed when the lock was gone. It is there once or not at all;
    // what a client saw a byte of, once.
    expect(books['call-begun']).toHaveLength(1)
    expect(['completed', 'presumed']).toContain(books['call-begun']?.[0]?.outcome)
    expect(books['call-come'] ?? []).toEqual((books['call-come'] ?? []).slice(0, 1).map(() => ({ outcome: 'presumed', basis: 'unknown' })))
    expect(await unevenHours(owner)).toEqual([])
    await owner.end()
    await stop(again)
  }),
)

interface Heard {
  hasHead: boolean
  text: string
  isWhole: boolean
  isOver: boolean
}

function listen(base: string, token: string, id: string): Heard {
  const heard: Heard = { hasHead: false, text: '', isWhole: false, isOver: false }
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'x-request-id': id }
  const sent = httpRequest(`${base}/v1/chat/completions`, { method: 'POST', agent: false, headers }, (response) => {
    heard.hasHead = true
    response.setEncoding('utf8').on('data', (piece: string) => {
      heard.text += piece
    })
    response.on('error', () => {}) // cut: `close` tells
    response.on('close', () => {
      heard.isWhole = response.complete
      heard.isOver = true
    })
  })
  sent.on('error', () => {
    heard.isOver = true
  })
  sent.end(JSON.stringify({ model: 'gpt-4o-mini', stream: true, messages: [{ role: 'user', content: `${id} ${content}` }] }))
  return heard
}

/** Of each request, after every lease has ended. */
async function readBooks(dataDir: string): Promise<Record<string, { outcome: string; basis: string }[]>> {
  const client = await connect(dataDir)
  await client.query('select keyloft.post_ends(1000, true)')
  await client.query(`update keyloft.holds set lease_until = now() - interval '1 second'`)
  await client.query('select keyloft.sweep_calls(in_limit => 1000)')
  const { rows } = await client.query('select request_id as id, outcome, usage_basis as basis from usage_records')
  await client.end()
  return Object.fromEntries(
    Object.entries(Object.groupBy(rows as { id: string; outcome: string; basis: string }[], ({ id }) => id)).map(([id, some = []]) => [
      id,
      some.map(({ outcome, basis }) => ({ outcome, basis })),
    ]),
  )
}
