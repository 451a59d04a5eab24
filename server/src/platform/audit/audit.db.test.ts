import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { createTestDatabase } from '../../../test/harness.ts'
import { recordAudit } from './audit.ts'

describe('the audit log', async () => {
  const { database, owner, makePerson } = await createTestDatabase()
  const entriesOf = async (userId: string) => {
    const { rows } = await sql<Record<string, unknown>>`select * from keyloft.audit_log where user_id = ${userId} order by id`.execute(
      owner.db,
    )
    return rows
  }

  it('says who asked, which part of the server did it, and for which request', async () => {
    const ada = await makePerson()
    const tokenId = randomUUID()
    await database.system(
      'a test',
      (tx) => recordAudit(tx, { action: 'thing.done', userId: ada.id, subject: 'it', details: { size: 3 } }),
      {
        principal: { ...ada.principal, tokenId },
        requestId: 'request-1',
      },
    )
    expect(await entriesOf(ada.id)).toMatchObject([
      {
        actor_role: 'authenticated',
        actor_id: ada.id,
        actor_token_id: tokenId,
        job: 'a test',
        action: 'thing.done',
        subject: 'it',
        request_id: 'request-1',
        details: { size: 3 },
      },
    ])
  })

  it('names the service where nobody asked', async () => {
    const ada = await makePerson()
    await database.system('a test', (tx) => recordAudit(tx, { action: 'thing.done', userId: ada.id }))
    expect(await entriesOf(ada.id)).toMatchObject([{ actor_role: 'service_role', actor_id: null, request_id: null }])
  })

  it('has nothing of what was rolled back', async () => {
    const ada = await makePerson()
    const undone = database.system('a test', async (tx) => {
      await recordAudit(tx, { action: 'thing.done', userId: ada.id })
      throw new Error('undo')
    })
    await expect(undone).rejects.toThrow('undo')
    expect(await entriesOf(ada.id)).toEqual([])
  })

  it('keeps the transaction from committing when it cannot be written', async () => {
    const ada = await makePerson()
    const refused = database.system('a test', (tx) => recordAudit(tx, { action: 'NOT A WORD', userId: ada.id }))
    await expect(refused).rejects.toMatchObject({ cause: { code: '23514' } })
  })

  it('outlives the person, and cannot be changed or read by the server', async () => {
    const ada = await makePerson()
    await database.system('a test', (tx) => recordAudit(tx, { action: 'thing.done', userId: ada.id }))
    await sql`delete from auth.users where id = ${ada.id}`.execute(owner.db)
    expect(await entriesOf(ada.id)).toHaveLength(1)
    for (const statement of [
      sql`select * from keyloft.audit_log`,
      sql`delete from keyloft.audit_log`,
      sql`update keyloft.audit_log set action = 'a.b'`,
    ]) {
      await expect(database.system('a test', (tx) => statement.execute(tx))).rejects.toMatchObject({ cause: { code: '42501' } })
    }
  })
})
