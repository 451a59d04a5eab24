import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { scopes } from '../src/base/principal.ts'
import { defineRoute } from '../src/platform/http/define-route.ts'
import type { Policy } from '../src/platform/http/policy.ts'
import { createTestApp } from './app.ts'
import { markTokens, projectJwt } from './identity.ts'

/*
 * Every carrier × every credential × every route of the OpenAPI document. What is expected follows from the policy
 * that the route declares there, so a new route is in the matrix the moment it exists.
 */
const nothing = { summary: 'For the matrix', reply: z.object({}) }
const planted: Policy[] = [
  { allow: 'anyone', because: 'the matrix needs one' },
  { allow: 'service' },
  { allow: 'admin' },
  { allow: 'operator' },
  ...scopes.map((scope) => ({ allow: 'user' as const, scope })),
]

interface Operation {
  method: string
  url: string
  policy: Policy
}
interface Actor {
  who: 'nobody' | 'person' | 'service'
  scopes: readonly string[]
  /** A credential of somebody new. */
  make: () => Promise<string | undefined>
}

/** After it nobody is let in any more, so that each try takes somebody new. */
const closing = 'DELETE /api/profile'

describe('every route, for every credential in every place', async () => {
  const test = await createTestApp(() =>
    planted.map((policy, index) =>
      defineRoute({ method: 'POST', path: `/api/matrix/${index}`, policy, schema: nothing, handler: () => ({}) }),
    ),
  )
  const { app, owner } = test
  const makeToken = await markTokens(test)
  const issue = async (granted: readonly string[]) => {
    const { token, publicId, secretHash, prefix } = makeToken()
    const row = {
      user_id: (await test.makePerson()).id,
      name: 'matrix',
      public_id: publicId,
      secret_hash: secretHash,
      token_prefix: prefix,
      scopes: [...granted],
    }
    await owner.db.insertInto('api_tokens').values(row).execute()
    return token
  }
  const signIn = async () => projectJwt({ role: 'authenticated', sub: (await test.makePerson()).id, aud: 'authenticated' })
  const actors: Record<string, Actor> = {
    'no credential': { who: 'nobody', scopes: [], make: async () => undefined },
    'an anon key': { who: 'nobody', scopes: [], make: () => projectJwt({ role: 'anon' }) },
    'a person’s JWT': { who: 'person', scopes, make: signIn },
    'the service key': { who: 'service', scopes: [], make: () => projectJwt({ role: 'service_role' }) },
    'a token for everything': { who: 'person', scopes, make: () => issue(scopes) },
    ...Object.fromEntries(
      scopes.map((scope) => [`a token for ${scope}`, { who: 'person' as const, scopes: [scope], make: () => issue([scope]) }]),
    ),
  }
  const carriers = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key'] as const
  const carry = (carrier: string, value: string | undefined): Record<string, string> =>
    value === undefined ? {} : { [carrier]: carrier === 'authorization' ? `Bearer ${value}` : value }

  const document = (await app.inject('/openapi.json')).json() as { paths: Record<string, Record<string, { 'x-keyloft-policy'?: Policy }>> }
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, operation]): Operation[] => {
      const policy = operation['x-keyloft-policy']
      return policy
        ? [{ method: method.toUpperCase(), url: path.replaceAll(/\{\w+\}/g, '00000000-0000-4000-8000-000000000000'), policy }]
        : []
    }),
  )

  function expected(policy: Policy, actor: Actor): 'in' | 401 | 403 {
    if (policy.allow === 'anyone') return 'in'
    if (actor.who === 'service' && policy.allow !== 'user') return 'in'
    if (actor.who === 'person' && policy.allow === 'user' && actor.scopes.includes(policy.scope)) return 'in'
    return actor.who === 'nobody' ? 401 : 403
  }

  it('knows every route that is mounted', () => {
    expect(operations.length).toBeGreaterThanOrEqual(planted.length + 3)
    const undeclared = Object.entries(document.paths).filter(
      ([path, item]) => !path.startsWith('/api/auth/') && Object.values(item).some((operation) => !operation['x-keyloft-policy']),
    )
    expect(undeclared).toEqual([])
  })

  it.each(Object.keys(actors))('lets in whom it should with %s, by whichever header', async (name) => {
    const actor = actors[name] as Actor
    const usual = await actor.make()
    for (const { method, url, policy } of operations) {
      for (const carrier of carriers) {
        const value = `${method} ${url}` === closing ? await actor.make() : usual
        // From elsewhere: being on this machine is a right of its own.
        const reply = await app.inject({ method: method as 'GET', url, headers: carry(carrier, value), remoteAddress: '203.0.113.7' })
        const outcome = reply.statusCode === 401 || reply.statusCode === 403 ? reply.statusCode : 'in'
        expect(outcome, `${method} ${url} with ${name} in ${carrier}`).toBe(expected(policy, actor))
      }
    }
  })

  it('answers nobody with one and the same body, whatever was wrong', async () => {
    const bodies = new Set<string>()
    for (const value of [
      'klt_nonsense',
      await projectJwt({ role: 'service_role' }, { secret: 'another secret of more than thirty-two bytes' }),
      'sk-proj-0123456789abcdef',
      makeToken().token,
    ]) {
      const { requestId: _, ...problem } = (
        await app.inject({ method: 'POST', url: '/api/matrix/1', headers: carry('authorization', value) })
      ).json()
      bodies.add(JSON.stringify(problem))
    }
    expect(bodies.size).toBe(1)
  })
})
