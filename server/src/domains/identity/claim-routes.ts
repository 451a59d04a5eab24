import { z } from 'zod'
import type { Asked } from '../../platform/database/database.ts'
import { defineRoute, type Route } from '../../platform/http/define-route.ts'
import { secretText } from '../../platform/http/secret-text.ts'
import { identityErrors } from './errors.ts'
import type { Verdict } from './verdict.ts'

export interface ClaimDeps {
  checkSession: (value: string) => Promise<Verdict>
  keptElsewhere: () => Promise<boolean>
  move: (from: string, to: string, asked: Asked) => Promise<boolean>
}

/** For who signs in where this server has no part in it, with an issuer's JWT: they bring both credentials. */
export function claimRoutes({ checkSession, keptElsewhere, move }: ClaimDeps): Route[] {
  return [
    defineRoute({
      method: 'POST',
      path: '/api/account/claim',
      policy: { allow: 'user', scope: 'account' },
      schema: {
        summary: 'Takes over an anonymous account',
        description: 'Everything of the anonymous account is moved to the one that asks, and the anonymous account is gone.',
        body: z
          .object({ session: secretText(8_192).describe('The session of the anonymous account, as `set-auth-token` gave it.') })
          .meta({ id: 'AccountClaim' }),
        reply: z.object({ moved: z.boolean().describe('False where it had been moved here already.') }).meta({ id: 'AccountClaimed' }),
        refusals: [409],
      },
      handler: async ({ principal, body, request }) => {
        if (await keptElsewhere()) throw identityErrors.nothing_to_claim() // nobody here is anonymous
        const verdict = await checkSession(body.session)
        const from = 'principal' in verdict && verdict.principal.claims.is_anonymous === true ? verdict.principal.claims.sub : undefined
        const to = principal.claims.sub
        if (from === undefined || to === undefined || from === to) throw identityErrors.nothing_to_claim()
        return { moved: await move(from, to, { principal, requestId: request.id }) }
      },
    }),
  ]
}
