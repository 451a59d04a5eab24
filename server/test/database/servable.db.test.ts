import { describe, expect, it } from 'vitest'
import { createDatabase, requireServable } from '../../src/platform/database/database.ts'
import type { LoginUrls } from '../../src/platform/database/logins.ts'
import { migrateUp } from '../../src/platform/database/migrator.ts'
import { connectAsOwner } from '../../src/platform/database/owner.ts'
import { SetupError } from '../../src/platform/database/setup-error.ts'
import { createTestDatabase } from '../harness.ts'

describe('a database that cannot be served from', async () => {
  const migrated = await createTestDatabase()
  const empty = await createTestDatabase({ migrated: false })

  const changed = (change: Partial<Pick<URL, 'pathname' | 'password' | 'port'>>) =>
    Object.fromEntries(
      Object.entries(migrated.urls).map(([name, text]) => {
        return [name, Object.assign(new URL(text), change).href]
      }),
    ) as unknown as LoginUrls

  it.each<[string, RegExp, Parameters<typeof changed>[0]]>([
    ['was never migrated', /has not been migrated/, { pathname: `/${empty.name}` }],
    ['refuses the login', /refuses the login keyloft_service/, { password: 'wrong' }],
    ['does not exist', /There is no database/, { pathname: '/nowhere' }],
    ['is not there', /cannot be reached/, { port: '1' }],
  ])('is refused at the start in words, when it %s', async (_what, message, change) => {
    const urls = changed(change)
    const database = createDatabase(urls, { poolSize: 1, onError: () => {} })
    const refusal = await requireServable(database, urls).catch((error) => error)
    await database.end()
    expect(refusal).toBeInstanceOf(SetupError)
    expect(refusal.message).toMatch(message)
    expect(`${refusal.message} ${refusal.hint}`).not.toContain('wrong')
  })

  it('is not migrated by a user who may not, who is told what is missing', async () => {
    const owner = await connectAsOwner(changed({ pathname: `/${empty.name}` }).keyloft_user)
    const refusal = await migrateUp(owner).catch((error) => error)
    await owner.end()
    expect(refusal).toBeInstanceOf(SetupError)
    expect(refusal.hint).toContain('CREATEROLE')
  })
})
