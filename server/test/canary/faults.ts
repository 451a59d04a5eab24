import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { generateRootKeys, parseKeyring } from '../../src/platform/sealing/keyring.ts'
import type { House } from './house.ts'

type Fault = (house: House, work: () => Promise<void>) => Promise<void>

/** What can go wrong with what is sealed. Each is mended afterwards. */
export const faultsOfSealing: Record<string, Fault> = {
  'the audit log cannot be written': without('insert', 'keyloft.audit_log'),
  'no secret can be kept': without('insert', 'keyloft.secrets'),
  'data keys cannot be read': without('select', 'keyloft.data_keys'),
}

/** What can go wrong beneath any request. */
export const faults: Record<string, Fault> = {
  /** As a server of somebody else's may: the message of an error then holds the row. */
  async 'every change is refused, and quoted'({ owner }, work) {
    await sql`
      create function public.quote_and_refuse() returns trigger language plpgsql as $$
      begin
        raise exception 'refused: % %', old, new using detail = new::text, hint = new::text;
      end $$`.execute(owner.db)
    const { rows } = await sql<{ name: string }>`
      select format('%I.%I', relnamespace::regnamespace, relname) as name from pg_class
       where relkind in ('r', 'p') and relnamespace::regnamespace::text in ('public', 'auth', 'keyloft') and not relispartition and relname <> 'request_counts'`.execute(
      owner.db,
    )
    try {
      for (const { name } of rows) {
        await sql`create trigger quote_and_refuse before insert or update or delete on ${sql.raw(name)}
          for each row execute function public.quote_and_refuse()`.execute(owner.db)
      }
      await work()
    } finally {
      await sql`drop function public.quote_and_refuse() cascade`.execute(owner.db)
    }
  },

  async 'the root key is another'(house, work) {
    const keyring = parseKeyring(generateRootKeys())
    const another = await house.anotherApp({ keyring })
    house.moveTo(another)
    try {
      await work()
    } finally {
      house.moveTo(house.app)
    }
  },

  async 'connections break in the middle'({ owner }, work) {
    let working = true
    const breaking = (async () => {
      while (working) {
        await sql`select pg_terminate_backend(pid) from pg_stat_activity
           where datname = current_database() and usename <> current_user and query not like 'listen%'`.execute(owner.db)
        await sleep(4)
      }
    })()
    try {
      await work()
    } finally {
      working = false
      await breaking
    }
  },

  async 'the database is away'({ cluster }, work) {
    await cluster.goAway()
    try {
      await work()
    } finally {
      await cluster.comeBack()
    }
  },
}

function without(right: string, table: string) {
  return async ({ owner }: House, work: () => Promise<void>) => {
    await sql`revoke ${sql.raw(right)} on ${sql.raw(table)} from keyloft_definer`.execute(owner.db)
    try {
      await work()
    } finally {
      await sql`grant ${sql.raw(right)} on ${sql.raw(table)} to keyloft_definer`.execute(owner.db)
    }
  }
}
