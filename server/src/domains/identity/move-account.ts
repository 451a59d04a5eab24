import { sql } from 'kysely'
import { recordAudit } from '../../platform/audit/audit.ts'
import type { Asked, Database } from '../../platform/database/database.ts'
import type { SealedSecret, Secrets } from '../../platform/secrets/secrets.ts'

/** moved: now. already: by somebody else, there too. refused: the one is not anonymous, or the other is, or is nobody. */
type Move = 'moved' | 'already' | 'refused'

export interface MoveDeps {
  database: Pick<Database, 'system'>
  secrets: Pick<Secrets, 'seal' | 'open'>
}

/** Somebody who adds keys all the time while they sign in is told to try again. */
const mostAttempts = 5

/**
 * Moves everything of an anonymous person to the account they signed in to, in one transaction, or nothing of it. Each
 * secret is bound to its person, so it is opened and sealed anew: before the transaction, which holds one connection and
 * waits for nobody while it runs. What changed in between is noticed in it, and then it begins again.
 */
export async function moveAccount({ database, secrets }: MoveDeps, from: string, to: string, asked?: Asked): Promise<Move> {
  for (let attempt = 0; attempt < mostAttempts; attempt++) {
    const old = await database.system('read the secrets of a move', async (tx) => {
      const { rows } = await sql<SealedSecret>`select * from keyloft.secrets_of(in_user_id => ${from})`.execute(tx)
      return rows
    })
    const resealed = await Promise.all(old.map((secret) => sealFor(to, secret)))
    const verdict = await database.system(
      'move an account',
      async (tx) => {
        const ids = old.map(({ id }) => id)
        const { rows } = await sql<{ verdict: Move | 'stale' }>`select keyloft.move_account(
          in_from => ${from}, in_to => ${to}, in_old_secrets => ${ids}::uuid[], in_new_secrets => ${JSON.stringify(resealed)}::jsonb) as verdict`.execute(
          tx,
        )
        const [{ verdict } = { verdict: 'refused' as const }] = rows
        if (verdict === 'moved')
          await recordAudit(tx, { action: 'account.moved', userId: to, subject: from, details: { secrets: old.length } })
        return verdict
      },
      asked,
    )
    if (verdict !== 'stale') return verdict
  }
  throw new Error('the secrets of the account change faster than they are sealed')

  async function sealFor(userId: string, secret: SealedSecret) {
    const { kind, provider, host } = secret
    const text = await secrets.open(secret, { userId: from, kind, provider })
    return { replaces: secret.id, ...(await secrets.seal({ userId, kind, provider, host }, text)) }
  }
}
