import { randomUUID } from 'node:crypto'
import { uuidV7 } from '../../../server/src/base/uuid.ts'
import { noUsage } from '../../../server/src/domains/ledger/call.ts'
import { type Call, createLedger } from '../../../server/src/domains/ledger/ledger.ts'
import { announce } from './announce.ts'
import { serveHolding } from './holding-proxy.ts'
import { withPerson } from './person.ts'

/*
 * The bare proxy with our ledger and nothing else of ours: each call is written down with its usage, priced and added up
 * before its answer leaves, and with `capped` reserved before it is made. What is missing to 1.0 here is what the books
 * cost; what the whole server lacks beyond it is what it does for a call besides: whose it is, with which key, what
 * stands in it, and everything that may go wrong.
 */

const [, , provider = '', limits = ''] = process.argv
const ended = new AbortController()
process.on('disconnect', () => ended.abort())

const usage = { ...noUsage, inputTokens: 120, cachedInputTokens: 64, outputTokens: 16 }
const counted = '"prompt_tokens":120,"completion_tokens":16,"total_tokens":136,"prompt_tokens_details":{"cached_tokens":64}'
const decisions = '[{"source":"user-gateway","verdict":"absent"},{"source":"user-key","verdict":"chosen"}]'

await withPerson(ended.signal, limits === 'capped', async ({ database, userId, measureCommit }) => {
  const ledger = createLedger({ database, clock: Date.now })
  const of = { userId, operation: 'chat.completions', provider: 'openai', model: 'gpt-4o-mini', credentialSource: 'user-key' as const }
  const by = { keyId: randomUUID(), tokenId: randomUUID(), decisions }
  const opened = new Map<string, Call>()
  const toCall = (id: string): Call => ({ ...of, ...by, id, requestId: id, startedAtMs: Date.now() })
  const reserve = async (call: Call) => (await ledger.reserve(call)) || ledger.open(call)
  const open = (id: string, done: () => void) => {
    const call = { ...toCall(id), mostInputTokens: 600, mostOutputTokens: 16_000 }
    opened.set(id, call)
    void reserve(call).then(done)
  }
  const end = (id: string, done: () => void) => {
    const call = opened.get(id) ?? toCall(id)
    opened.delete(id)
    const reported = { usageBasis: 'reported' as const, usage, providerUsage: `{${counted}}` }
    void ledger.settle(call, { outcome: 'completed', endedAtMs: Date.now(), status: 200, firstByteMs: 1, ...reported }).then(done)
  }
  await serveHolding(
    provider,
    () => uuidV7(Date.now()),
    limits === 'capped' ? { open, end } : { end },
    async (port) => {
      announce(port, {}, measureCommit)
      await new Promise((resolve) => process.once('disconnect', resolve))
    },
  )
  await ledger.stop()
})
