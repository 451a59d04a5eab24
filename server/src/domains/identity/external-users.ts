import type { JWTPayload } from 'jose'
import type { Pool } from 'pg'
import { z } from 'zod'
import { translateSqlError } from '../../platform/database/sql-errors.ts'

const find = {
  name: 'user of external identity',
  text: 'select auth.user_of_external_identity(issuer => $1, subject => $2, verified_email => $3) as id',
}
const address = z.email().max(254)

/** The local user of an external subject, made on first sight. One whose address is taken here gets an account of its own. */
export async function findExternalUser(pool: Pool, issuer: string, { sub, email, email_verified }: JWTPayload): Promise<string> {
  const verified = email_verified === true && address.safeParse(email).success ? email : null
  try {
    const { rows } = await pool.query<{ id: string }>({ ...find, values: [issuer, sub, verified] })
    return rows[0]?.id ?? ''
  } catch (error) {
    throw translateSqlError(error)
  }
}
