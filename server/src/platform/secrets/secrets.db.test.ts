import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { createTestDatabase } from '../../../test/harness.ts'
import { sealWithRootKey } from '../sealing/keyring.ts'
import { createSecrets, findSecret, forgetSecret, keepSecret } from './secrets.ts'

describe('secrets', async () => {
  const { database, owner, keyring, makePerson } = await createTestDatabase()
  const another = () => createSecrets({ database, keyring, clock: Date.now })
  const secrets = another()
  const providerKey = (userId: string) => ({ userId, kind: 'provider key', provider: 'openai', host: 'api.openai.com' })

  it('are kept sealed and read back, in this process and in another', async () => {
    const ada = await makePerson()
    const sealed = await secrets.seal(providerKey(ada.id), 'sk-of-ada')
    await database.system('test', (tx) => keepSecret(tx, sealed))
    const found = await database.system('test', (tx) => findSecret(tx, ada.id, sealed.id))
    expect(found).toEqual(sealed)
    expect(JSON.stringify(found)).not.toContain('sk-of-ada')
    for (const reader of [secrets, another()]) expect(await reader.open(sealed, providerKey(ada.id))).toBe('sk-of-ada')
  })

  it('are found for their own person alone, and are gone when forgotten', async () => {
    const [ada, bob] = [await makePerson(), await makePerson()]
    const sealed = await secrets.seal(providerKey(ada.id), 'sk-of-ada')
    await database.system('test', (tx) => keepSecret(tx, sealed))
    await database.system('test', (tx) => forgetSecret(tx, bob.id, sealed.id))
    expect(await database.system('test', (tx) => findSecret(tx, bob.id, sealed.id))).toBeUndefined()
    expect(await database.system('test', (tx) => findSecret(tx, ada.id, sealed.id))).toEqual(sealed)
    await database.system('test', (tx) => forgetSecret(tx, ada.id, sealed.id))
    expect(await database.system('test', (tx) => findSecret(tx, ada.id, sealed.id))).toBeUndefined()
  })

  it('get a new id with every sealing, and the same text never looks the same', async () => {
    const ada = await makePerson()
    const [one, two] = await Promise.all([secrets.seal(providerKey(ada.id), 'same'), secrets.seal(providerKey(ada.id), 'same')])
    expect(one.id).not.toBe(two.id)
    expect(one.sealed.split('.')[3]).not.toBe(two.sealed.split('.')[3])
  })

  it('of one person are sealed under one key, however many processes seal for the first time at once', async () => {
    const ada = await makePerson()
    const sealed = await Promise.all(Array.from({ length: 8 }, (_, index) => another().seal(providerKey(ada.id), `key ${index}`)))
    const reader = another()
    expect(await Promise.all(sealed.map((secret) => reader.open(secret, providerKey(ada.id))))).toEqual(
      sealed.map((_, index) => `key ${index}`),
    )
    const { rows } = await sql`select from keyloft.data_keys where user_id = ${ada.id}`.execute(owner.db)
    expect(rows).toHaveLength(1)
  })

  it('stay closed when their data key was taken from another person, or wrapped by somebody without the root key', async () => {
    const [ada, eve] = [await makePerson(), await makePerson()]
    const sealed = await secrets.seal(providerKey(ada.id), 'sk-of-ada')
    await secrets.seal(providerKey(eve.id), 'sk-of-eve')
    const wrapped = [
      sql`(select wrapped from keyloft.data_keys where user_id = ${eve.id})`,
      sql`${sealWithRootKey([{ version: 'v1', key: Buffer.alloc(32, 7) }], ['data key', ada.id, '1'], Buffer.alloc(32).toString('base64'))}`,
      sql`${sealWithRootKey(keyring, ['data key', ada.id, '1'], 'too short')}`,
    ]
    for (const other of wrapped) {
      await sql`update keyloft.data_keys set wrapped = ${other} where user_id = ${ada.id}`.execute(owner.db)
      await expect(async () => another().open(sealed, providerKey(ada.id))).rejects.toMatchObject({ code: 'secret.cannot_open' })
    }
  })

  it('are lost with their data key: the next one is another', async () => {
    const ada = await makePerson()
    const sealed = await secrets.seal(providerKey(ada.id), 'sk-of-ada')
    await sql`delete from keyloft.data_keys where user_id = ${ada.id}`.execute(owner.db)
    const without = another()
    const opening = async () => without.open(sealed, providerKey(ada.id))
    await expect(opening).rejects.toMatchObject({ code: 'secret.cannot_open' })
    const next = await without.seal(providerKey(ada.id), 'new')
    expect(await another().open(next, providerKey(ada.id))).toBe('new')
    await expect(opening).rejects.toMatchObject({ code: 'secret.cannot_open' })
  })

  it('stay closed to whoever takes them for another’s, or for another thing, though their row is in order', async () => {
    const [ada, eve] = [await makePerson(), await makePerson()]
    const sealed = await secrets.seal(providerKey(ada.id), 'sk-of-ada')
    await secrets.seal(providerKey(eve.id), 'sk-of-eve')
    for (const other of [{ userId: eve.id }, { userId: null }, { kind: 'oauth token' }, { provider: 'anthropic' }]) {
      const opening = async () => secrets.open(sealed, { ...providerKey(ada.id), ...other })
      await expect(opening).rejects.toMatchObject({ code: 'secret.cannot_open' })
    }
  })

  it('name what is missing to the operator alone', async () => {
    const ada = await makePerson()
    const sealed = { ...(await secrets.seal(providerKey(ada.id), 'sk-of-ada')), version: 9 }
    const error = await Promise.resolve(secrets.open(sealed, providerKey(ada.id))).catch((refused) => refused)
    expect(error).toMatchObject({ code: 'secret.cannot_open', internal: `${ada.id} has no data key 9` })
    expect(JSON.stringify(error) + error.message).not.toContain(ada.id)
  })

  it('open without a query while their data key is in memory, and again after it was wiped', async () => {
    const ada = await makePerson()
    const sealed = await secrets.seal(providerKey(ada.id), 'sk-of-ada')
    expect(secrets.open(sealed, providerKey(ada.id))).toBe('sk-of-ada')
    secrets.forget(ada.id)
    const opening = secrets.open(sealed, providerKey(ada.id))
    expect(opening).toBeInstanceOf(Promise)
    expect(await opening).toBe('sk-of-ada')
  })

  it('of the installation’s own are made once', async () => {
    const keys = await Promise.all(Array.from({ length: 5 }, () => another().installationKey('fingerprint key')))
    expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(1)
    expect(keys[0]).toHaveLength(32)
    expect((await another().installationKey('another key')).equals(keys[0] as Buffer)).toBe(false)
  })
})
