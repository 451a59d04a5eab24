import { describe, expect, it } from 'vitest'
import { createTestIdentity } from '../../../test/identity.ts'

/*
 * Whether a token of this public id exists must not show in how long its refusal takes, even to somebody who can mark
 * tokens (others are refused before anybody looks). Measured over interleaved
 * samples of fresh tokens, each of which is a question to the database; Welch's t of the middle of both distributions,
 * because what a busy machine does to the ends says nothing. The long form is the measurement; the short one sees to
 * it that both refusals go the same way.
 */
const isLong = process.env.KEYLOFT_TEST_LONG === '1'

describe('the refusal of a token', async () => {
  const test = await createTestIdentity()
  const ids = await Promise.all(Array.from({ length: 50 }, async () => (await test.issueToken((await test.makePerson()).id)).publicId))
  const refuse = (token: string) =>
    Promise.resolve(test.identity.authenticate({ authorization: `Bearer ${token}` })).catch((error) => error)

  it('asks the same question and answers the same, whether the id or the secret was wrong', async () => {
    await refuse(test.makeToken().token) // what is read once is by now
    const [publicId = ''] = ids
    const seen = []
    for (const token of [test.makeToken(publicId).token, test.makeToken().token]) {
      test.sent.length = 0
      const { code, status, message, hint, cause } = await refuse(token)
      const statements = test.sent.map(({ text, values }) => [text, values.length])
      seen.push({ code, status, message, hint, cause, statements })
    }
    expect(seen[0]).toEqual(seen[1])
    expect(seen[0]?.statements).toHaveLength(4) // begin, the role, the one question, commit
  })

  it.runIf(isLong)(
    'takes as long for an unknown id as for a wrong secret',
    async () => {
      const samples = 20_000
      const took = { unknown: [] as number[], wrong: [] as number[] }
      for (let round = 0; round < samples + 2_000; round++) {
        const kind = round % 2 === 0 ? 'unknown' : 'wrong'
        const token = kind === 'unknown' ? test.makeToken().token : test.makeToken(ids[round % ids.length]).token
        const start = process.hrtime.bigint()
        await refuse(token)
        if (round >= 2_000) took[kind].push(Number(process.hrtime.bigint() - start))
      }
      const t = welch(middle(took.unknown), middle(took.wrong))
      console.log(`unknown id against wrong secret: t = ${t.toFixed(2)} over ${samples} samples`)
      expect(Math.abs(t)).toBeLessThan(4.5)
    },
    300_000,
  )
})

function middle(values: number[]): number[] {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted.slice(Math.floor(sorted.length * 0.05), Math.floor(sorted.length * 0.9))
}

function welch(a: number[], b: number[]): number {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = (values: number[], around: number) => values.reduce((sum, value) => sum + (value - around) ** 2, 0) / (values.length - 1)
  const [meanA, meanB] = [mean(a), mean(b)]
  return (meanA - meanB) / Math.sqrt(variance(a, meanA) / a.length + variance(b, meanB) / b.length)
}
