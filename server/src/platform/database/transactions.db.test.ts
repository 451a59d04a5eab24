import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { createTestDatabase } from '../../../test/harness.ts'

describe('asPrincipal', async () => {
  const { database, makePerson } = await createTestDatabase()

  it('acts as the principal', async () => {
    const ada = await makePerson()
    const { rows } = await database.asPrincipal(ada.principal, (tx) => sql<{ who: string; id: string }>`select current_user as who, auth.uid() as id`.execute(tx as never))
    expect(rows).toEqual([{ who: 'authenticated', id: ada.id }])
  })
})
