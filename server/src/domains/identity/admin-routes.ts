import type { Pool } from 'pg'
import { z } from 'zod'
import type { Database } from '../../platform/database/database.ts'
import { defineRoute, type Route } from '../../platform/http/define-route.ts'
import { pageOf, pageQuery, readCursor, toPage } from '../../platform/http/pages.ts'
import { type Account, findAccount, listAccounts } from './accounts.ts'
import { decide } from './decide.ts'
import { identityErrors } from './errors.ts'
import { peopleFiguresSchema, readPeopleFigures } from './people-figures.ts'

export interface AdminDeps {
  database: Pick<Database, 'system'>
  pool: Pool
  keptElsewhere: () => Promise<boolean>
  /** What of a person is remembered here counts no more. */
  forgetPerson: (userId: string) => void
}

const policy = { allow: 'admin' } as const
const params = z.object({ id: z.uuid() })

const accountSchema = z
  .object({
    id: z.uuid(),
    email: z.string(),
    emailVerified: z.boolean(),
    username: z.string().nullable(),
    name: z.string(),
    isAnonymous: z.boolean(),
    tier: z.enum(['free', 'pro']),
    isAdmin: z.boolean(),
    disabledAt: z.string().nullable().describe('Closed by an operator since.'),
    disabledReason: z.string().nullable(),
    deactivatedAt: z.string().nullable().describe('Closed by the person since.'),
    eraseAfter: z.string().nullable().describe('When all they own will be deleted.'),
    createdAt: z.string(),
  })
  .meta({ id: 'Account' })

export function adminRoutes({ database, pool, keptElsewhere, forgetPerson }: AdminDeps): Route[] {
  const find = async (id: string) => {
    if (await keptElsewhere()) throw identityErrors.kept_elsewhere()
    const account = await findAccount(pool, id)
    if (!account) throw identityErrors.no_such_user()
    return render(account)
  }
  return [
    defineRoute({
      method: 'GET',
      path: '/api/admin/users',
      policy,
      schema: { summary: 'Everybody who has an account', query: pageQuery, reply: pageOf(accountSchema) },
      handler: async ({ query: { limit, cursor } }) => {
        if (await keptElsewhere()) throw identityErrors.kept_elsewhere()
        return toPage(await listAccounts(pool, { after: readCursor(cursor), limit }), limit, render)
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/admin/users/figures',
      policy,
      schema: { summary: 'How many people came, stayed, and use what', reply: peopleFiguresSchema },
      handler: async ({ principal, request }) => {
        if (await keptElsewhere()) throw identityErrors.kept_elsewhere()
        return readPeopleFigures(database, { principal, requestId: request.id })
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/admin/users/:id',
      policy,
      schema: { summary: 'One account', params, reply: accountSchema, refusals: [404] },
      handler: ({ params: { id } }) => find(id),
    }),
    defineRoute({
      method: 'PATCH',
      path: '/api/admin/users/:id',
      policy,
      schema: {
        summary: 'Decide of a tier, of admin rights, of whether an account is open',
        description: 'Audited. A disabled account is refused by every process at once; disabled: false opens it again.',
        params,
        body: z.object({
          tier: z.enum(['free', 'pro']).optional(),
          isAdmin: z.boolean().optional(),
          disabled: z.boolean().optional(),
          reason: z.string().trim().min(1).max(500).optional().describe('Why it is disabled.'),
        }),
        reply: accountSchema,
        refusals: [404, 409],
      },
      handler: async ({ principal, params: { id }, body, request }) => {
        const { tier, isAdmin, disabled, reason } = body
        if (principal.claims.sub === id && (disabled || isAdmin === false)) throw identityErrors.not_yourself()
        await find(id)
        const decision = {
          ...(tier === undefined ? {} : { tier }),
          ...(isAdmin === undefined ? {} : { isAdmin }),
          ...(disabled === undefined ? {} : { disabled }),
          ...(reason === undefined ? {} : { reason }),
        }
        await database.system('decide of a person', (tx) => decide(tx, id, decision), { principal, requestId: request.id })
        forgetPerson(id)
        return find(id)
      },
    }),
  ]
}

function render({ createdAt, disabledAt, deactivatedAt, eraseAfter, ...account }: Account): z.input<typeof accountSchema> {
  return {
    ...account,
    createdAt: createdAt.toISOString(),
    disabledAt: disabledAt?.toISOString() ?? null,
    deactivatedAt: deactivatedAt?.toISOString() ?? null,
    eraseAfter: eraseAfter?.toISOString() ?? null,
  }
}
