import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { connectAsOwner } from '../../src/platform/database/owner.ts'
import { postAll, unevenHours } from '../ledger.ts'
import { asTestClient } from '../socket-guard.ts'
import { callAndLeave, type Left, type Said, startSpeaking } from './leaving-clients.ts'
import { installKeyloft, isLong, ownerUrlOf, start, stop } from './run-keyloft.ts'
import { signUp } from './sign-up.ts'

/*
 * Most clients leave, in the head, in the middle, at the very end. Every call is in the books once: drained ones with the
 * very numbers of the provider, ended ones with what had come, as the public tokenizer counts it.
 */

const calls = isLong ? 10_000 : 200
const clients = isLong ? 40 : 16
const ended = 'gpt-4o-mini'
const drained = 'gemini-2.5-flash'

const sandbox = installKeyloft()

interface Recorded {
  id: string
  outcome: string
  basis: string
  input: number
  output: number
}

test(`of ${calls} calls that are left, each is in the books, and with its tokens`, { timeout: 20 * 60_000 }, () =>
  asTestClient(async () => {
    const provider = await startSpeaking()
    const dataDir = sandbox.newDataDir()
    const env = {
      OPENAI_BASE_URL: `${provider.url}/v1`,
      GEMINI_BASE_URL: provider.url,
      JWT_SECRET: randomBytes(48).toString('base64'),
      LOG_LEVEL: 'fatal',
    }
    const server = await start(sandbox, dataDir, { env })
    const token = await signUp(server.base, 1, ['openai', 'google'])

    const left: Left[] = []
    let number = 0
    await Promise.all(
      Array.from({ length: clients }, async () => {
        while (number < calls) {
          const model = number % 2 === 0 ? ended : drained
          left.push(await callAndLeave(server.base, token, number++, model))
        }
      }),
    )
    const owner = await connectAsOwner(ownerUrlOf(dataDir))
    // A server that is stopped reads nothing to its end any more.
    const open = async () => (await sql`select from keyloft.holds`.execute(owner.db)).rows.length
    await expect.poll(open, { timeout: 60_000, interval: 200 }).toBe(0)
    await postAll(owner)
    const { rows } = await sql<Recorded>`
      select request_id as id, outcome, usage_basis as basis, input_tokens::int as input, output_tokens::int as output
        from usage_records`.execute(owner.db)
    expect(await unevenHours(owner)).toEqual([])
    await owner.end()
    await stop(server)

    console.info(judge(left, rows, provider.said))
  }),
)

function judge(left: readonly Left[], records: readonly Recorded[], said: ReadonlyMap<string, Said>): string {
  const recorded = new Map(records.map((record) => [record.id, record]))
  expect(recorded.size, 'none twice').toBe(records.length)
  // All that a client saw a byte of, and all that the provider was asked.
  expect(left.filter(({ id, isAnswer }) => isAnswer && !recorded.has(id))).toEqual([])
  expect([...said.keys()].filter((id) => !recorded.has(id))).toEqual([])
  expect(records.filter(({ outcome, basis }) => outcome === 'presumed' || basis === 'unknown')).toEqual([])

  const figures = { whole: 0, drained: 0, estimated: 0, unheard: 0, told: 0, booked: 0, most: 0 }
  for (const { id, model, isWhole, received } of left) {
    const record = recorded.get(id)
    const { prompt, sent, whole } = said.get(id) ?? { prompt: 0, sent: 0, whole: 0 }
    if (!record) continue
    const { basis, input, output } = record
    const what = `${id} ${model} ${record.outcome} ${basis}, received ${received}, sent ${sent}`
    if (isWhole) expect(record.outcome, what).toBe('completed')
    if (basis === 'none') figures.unheard++
    else expect(input, what).toBe(prompt || input)
    if (basis === 'reported') expect(output, what).toBe(whole)
    if (isWhole) figures.whole++
    else if (basis === 'reported') figures.drained++
    if (model === drained && said.has(id)) expect(basis, what).toBe('reported')
    if (basis !== 'estimated') continue
    // At least what reached the client, at most what left the provider.
    expect(output, what).toBeGreaterThanOrEqual(Math.floor(received * 0.98))
    expect(output, what).toBeLessThanOrEqual(Math.ceil(sent * 1.02))
    figures.estimated++
    figures.told += sent
    figures.booked += output
    figures.most = Math.max(figures.most, sent - output)
  }
  expect(figures.drained).toBeGreaterThan(0)
  expect(figures.estimated).toBeGreaterThan(0)
  return JSON.stringify({ calls: left.length, records: records.length, ...figures })
}
