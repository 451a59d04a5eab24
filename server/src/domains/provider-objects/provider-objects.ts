import { sql } from 'kysely'
import { z } from 'zod'
import type { Database } from '../../platform/database/database.ts'
import { type AnyJob, defineJob } from '../../platform/queue/job.ts'

/** With which key something was made that a provider keeps. */
interface Made {
  readonly provider: string
  readonly source: 'user-gateway' | 'user-key' | 'server-key' | 'team-gateway'
  readonly keyId?: string | undefined
}

/** Responses, files and batches that providers keep for people, by the ids that they gave them. */
export interface ProviderObjects {
  /** Undefined: it was not made here, as far as is known. */
  find(userId: string, objectId: string): Promise<Made | 'of another' | undefined>
  remember(userId: string, objectId: string, made: Made): Promise<void>
}

const longestDays = 400

interface Row {
  is_own: boolean
  provider: string
  credential_source: Made['source']
  key_id: string | null
}

export function createProviderObjects(database: Pick<Database, 'system'>): ProviderObjects {
  return {
    find: (userId, objectId) =>
      database.system('find a provider’s object', async (tx) => {
        const { rows } = await sql<Row>`select * from keyloft.find_object(in_user_id => ${userId}, in_object_id => ${objectId})`.execute(tx)
        const [row] = rows
        if (!row) return undefined
        return row.is_own ? { provider: row.provider, source: row.credential_source, keyId: row.key_id ?? undefined } : 'of another'
      }),
    remember: async (userId, objectId, { provider, source, keyId = null }) => {
      await database.system('remember a provider’s object', (tx) =>
        sql`select keyloft.remember_object(in_user_id => ${userId}, in_object_id => ${objectId}, in_provider => ${provider},
          in_credential_source => ${source}, in_key_id => ${keyId})`.execute(tx),
      )
    },
  }
}

export function providerObjectJobs(database: Pick<Database, 'system'>): AnyJob[] {
  return [
    defineJob({
      name: 'provider-objects.forget',
      schedule: '11 4 * * *',
      input: z.object({}).transform(() => ({})),
      run: async () => {
        await database.system('forget old objects of providers', (tx) =>
          sql`select keyloft.forget_old_objects(in_days => ${longestDays})`.execute(tx),
        )
      },
    }),
  ]
}
