import { sql } from 'kysely'
import { afterAll, expect } from 'vitest'
import type { Database } from '../../src/platform/database/database.ts'
import { createTestApp } from '../app.ts'
import { postAll } from '../ledger.ts'
import { type Mock, startMock } from '../mock/start-mock.ts'
import { peopleOf } from '../person.ts'

interface Recorded {
  operation: string
  provider: string
  model: string
  outcome: string
  status: number
  basis: string
  input: number
  output: number
}

interface Someone {
  id: string
  token: string
  /** Their calls in the books, in order. */
  records(): Promise<Recorded[]>
}

export interface ClientSetUp {
  /** Of the whole server, where all makers are the mock. */
  url: string
  mock: Mock
  database: Database
  /** Somebody with a key for every maker, and what they give to their clients. */
  someone(): Promise<Someone>
}

export async function setUpClients(): Promise<ClientSetUp> {
  const mock = await startMock()
  afterAll(mock.close)
  const baseUrls = { openai: `${mock.url}/v1`, anthropic: mock.url, google: mock.url }
  const { app, owner, database } = await createTestApp(() => [], { providers: { baseUrls, added: {} } })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const people = peopleOf({ app })
  return {
    url,
    mock,
    database,
    async someone() {
      const { id, ask } = await people.signUp()
      for (const provider of Object.keys(baseUrls)) {
        const key = { provider, apiKey: `sk-of-a-person-0123456789-${provider}`, verify: false }
        expect((await ask('POST', '/api/profile/api-keys', key)).statusCode).toBe(201)
      }
      const { token } = (await ask('POST', '/api/tokens', { name: 'client', scopes: ['calls'] })).json()
      const records = async () => {
        await postAll(owner)
        const { rows } = await sql<Recorded>`
          select operation, provider, model, outcome, status, usage_basis as basis, input_tokens::int as input, output_tokens::int as output
            from usage_records where user_id = ${id} order by started_at, id`.execute(owner.db)
        return rows
      }
      return { id, token, records }
    },
  }
}
