import { sql } from 'kysely'
import type { Tx } from '../../platform/database/database.ts'
import type { SealedSecret } from '../../platform/secrets/secrets.ts'
import { type ApiKeyRow, shownColumns } from './provider-key.ts'

export async function findKey(tx: Tx, userId: string, id: string): Promise<ApiKeyRow | undefined> {
  return tx.selectFrom('api_keys').selectAll().where('id', '=', id).where('user_id', '=', userId).executeTakeFirst()
}

export async function findSecretOfKey(
  tx: Tx,
  { user_id, secret_id }: Pick<ApiKeyRow, 'user_id' | 'secret_id'>,
): Promise<SealedSecret | undefined> {
  const { rows } = await sql<SealedSecret>`select * from keyloft.find_secret(in_user_id => ${user_id}, in_id => ${secret_id})`.execute(tx)
  return rows[0]
}

/** The one that get_user_api_key gives: unnamed before named, then by priority. */
export async function findFirstKey(tx: Tx, userId: string, service: string): Promise<ApiKeyRow | undefined> {
  return tx
    .selectFrom('api_keys')
    .selectAll()
    .where('user_id', '=', userId)
    .where('service', '=', service)
    .where('is_enabled', '=', true)
    .orderBy(sql`key_name <> ''`)
    .orderBy('priority')
    .orderBy('key_name')
    .limit(1)
    .executeTakeFirst()
}

/** What would serve in place of a key that goes: the others of its provider, in the order they are taken. */
export async function findOtherKeys(tx: Tx, { id, user_id, service }: ApiKeyRow) {
  return tx
    .selectFrom('api_keys')
    .select(shownColumns)
    .where('user_id', '=', user_id)
    .where('service', '=', service)
    .where('id', '<>', id)
    .where('is_enabled', '=', true)
    .orderBy('priority')
    .orderBy('key_name')
    .execute()
}

export async function findGatewayBaseUrl(tx: Tx, userId: string): Promise<string | null> {
  const row = await tx.selectFrom('api_gateway_configs').select('base_url').where('user_id', '=', userId).executeTakeFirst()
  return row?.base_url ?? null
}

export async function setGatewayBaseUrl(tx: Tx, userId: string, baseUrl: string | null): Promise<void> {
  await tx
    .insertInto('api_gateway_configs')
    .values({ user_id: userId, base_url: baseUrl })
    .onConflict((conflict) => conflict.column('user_id').doUpdateSet({ base_url: baseUrl }))
    .execute()
}

/** Of every gateway key of a person: its name, and the host it was sealed for. */
export async function findGatewayKeyHosts(tx: Tx, userId: string): Promise<{ key_name: string; host: string }[]> {
  const { rows } = await sql<{ key_name: string; host: string }>`
    select k.key_name, s.host
      from public.api_keys k, lateral keyloft.find_secret(in_user_id => k.user_id, in_id => k.secret_id) s
     where k.user_id = ${userId} and k.service = 'gateway'`.execute(tx)
  return rows
}
