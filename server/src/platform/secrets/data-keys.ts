import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { BoundedMap } from '../../base/bounded-map.ts'
import type { Clock } from '../../base/clock.ts'
import type { Database } from '../database/database.ts'
import { keyBytes } from '../sealing/aead.ts'
import { type Keyring, openWithRootKey, sealWithRootKey } from '../sealing/keyring.ts'
import { type DataKey, sealingErrors } from '../sealing/secret.ts'

export interface DataKeys {
  /**
   * Lends a person's key (null: the installation's) of that version, or the newest, which is made at the first need.
   * At once where it is in memory. `work` must not keep it: it is wiped when it leaves memory.
   */
  use<T>(userId: string | null, version: number | 'newest', work: (key: DataKey) => T): T | Promise<T>
  /** Wipes what is held of one person, or all of it. */
  forget(userId?: string): void
}

export interface DataKeysOptions {
  database: Pick<Database, 'system'>
  keyring: Keyring
  clock: Clock
  /** So many people's keys are held unwrapped. */
  mostHeld?: number
}

const heldMs = 10 * 60_000

/** All versions of one person, newest first: as they lie in the database, and as they seal. */
type Wrapped = readonly { version: number; wrapped: string }[]
type Held = readonly DataKey[]

/** Random keys, one or more per person, in keyloft.data_keys under the root key and unwrapped in memory, wiped when they leave it. */
export function createDataKeys({ database, keyring, clock, mostHeld = 10_000 }: DataKeysOptions): DataKeys {
  const held = new BoundedMap<Held>(mostHeld, (keys) => {
    for (const { key } of keys) key.fill(0)
  })
  const loading = new Map<string, Promise<Wrapped>>()

  function load(userId: string | null): Promise<Wrapped> {
    const name = userId ?? ''
    let loaded = loading.get(name)
    if (!loaded) {
      loaded = read(userId).finally(() => loading.delete(name))
      loading.set(name, loaded)
    }
    return loaded
  }

  async function read(userId: string | null): Promise<Wrapped> {
    return database.system('read data keys', async (tx) => {
      const { rows } = await sql<{
        version: number
        wrapped: string
      }>`select version, wrapped from keyloft.data_keys_of(in_user_id => ${userId})`.execute(tx)
      return rows
    })
  }

  async function make(userId: string | null): Promise<Wrapped> {
    const made = sealWithRootKey(keyring, purposeOf(userId, 1), randomBytes(keyBytes).toString('base64'))
    const wrapped = await database.system('add a data key', async (tx) => {
      const { rows } = await sql<{
        wrapped: string
      }>`select keyloft.add_first_data_key(in_user_id => ${userId}, in_wrapped => ${made}) as wrapped`.execute(tx)
      return rows[0]?.wrapped ?? made
    })
    return [{ version: 1, wrapped }]
  }

  function hold(userId: string | null, rows: Wrapped): Held {
    const keys = rows.map(({ version, wrapped }) => ({ version, key: unwrap(userId, version, wrapped) }))
    held.set(userId ?? '', keys, clock() + heldMs)
    return keys
  }

  function unwrap(userId: string | null, version: number, wrapped: string): Buffer {
    try {
      const key = Buffer.from(openWithRootKey(keyring, purposeOf(userId, version), wrapped), 'base64')
      if (key.length === keyBytes) return key
    } catch (cause) {
      throw sealingErrors.cannot_open({ cause, internal: `data key ${version} of ${userId ?? 'the installation'} does not open` })
    }
    throw sealingErrors.cannot_open({ internal: `data key ${version} of ${userId ?? 'the installation'} is none` })
  }

  function find(userId: string | null, version: number | 'newest'): DataKey | undefined {
    const keys = held.get(userId ?? '', clock())
    return version === 'newest' ? keys?.[0] : keys?.find((candidate) => candidate.version === version)
  }

  async function loadAndUse<T>(userId: string | null, version: number | 'newest', work: (key: DataKey) => T): Promise<T> {
    let rows = await load(userId)
    if (rows.length === 0 && version === 'newest') rows = await make(userId)
    // Nothing may be awaited between unwrapping and using: in a full memory the next one's key could wipe this one.
    if (!find(userId, version)) hold(userId, rows)
    const key = find(userId, version)
    if (key) return work(key)
    throw sealingErrors.cannot_open({ internal: `${userId ?? 'the installation'} has no data key ${version}` })
  }

  return {
    use(userId, version, work) {
      // A version that is not held may have been made by another process a moment ago.
      const key = find(userId, version)
      return key ? work(key) : loadAndUse(userId, version, work)
    },
    forget(userId) {
      if (userId === undefined) held.clear()
      else held.delete(userId)
    },
  }
}

const purposeOf = (userId: string | null, version: number) => ['data key', userId ?? '', String(version)]
