import { describe, expect, it } from 'vitest'
import { createKeyloft, KeyloftError, resolveProvider } from '../../../sdk/src/sdk.ts'
import { Hidden } from '../../src/base/hidden.ts'
import { usualOrder } from '../../src/domains/resolver/sources.ts'
import { createTestApp } from '../app.ts'
import { projectJwt, publicUrl } from '../identity.ts'

/** The runbook's end-to-end flow ("Integration Testing"): a person's own key first, then the team's gateway. */
describe('resolveProvider of the SDK', async () => {
  const { app, database, makePerson } = await createTestApp(() => [], {
    resolver: { order: usualOrder, serverKeys: { gateway: new Hidden('vck_of-the-team-0000') } },
  })
  const service = await projectJwt({ role: 'service_role' })
  const viaInject: typeof fetch = async (input, init = {}) => {
    const { pathname } = new URL(String(input))
    const { statusCode, body, headers } = await app.inject({
      method: init.method as 'POST',
      url: pathname,
      headers: init.headers as Record<string, string>,
      ...(typeof init.body === 'string' ? { payload: init.body } : {}),
    })
    return new Response(body, { status: statusCode, headers: { 'content-type': String(headers['content-type']) } })
  }
  const keyloft = createKeyloft({ url: publicUrl, token: service, fetch: viaInject })
  const rpc = (name: string, payload: object) =>
    app.inject({ method: 'POST', url: `/rest/v1/rpc/${name}`, headers: { authorization: `Bearer ${service}`, apikey: service }, payload })

  it('takes the person’s key, falls back to the team’s gateway, and says why where neither serves', async () => {
    const { id: userId } = await makePerson()
    await rpc('insert_user_api_key', { p_user_id: userId, p_service: 'openai', p_api_key: 'sk-of-the-runbook-0000' })
    const provider = await resolveProvider(keyloft, userId, 'gpt-4o-mini')
    expect(provider.provider).toBe('openai')
    expect(provider.modelId).toBe('gpt-4o-mini')
    expect(provider).toMatchObject({ credentialSource: 'user-key', keyId: expect.any(String) })

    await rpc('delete_user_api_key', { p_user_id: userId, p_service: 'openai' })
    await expect
      .poll(() => resolveProvider(keyloft, userId, 'gpt-4o-mini'), { timeout: 1_000 })
      .toMatchObject({ provider: 'openai', modelId: 'openai/gpt-4o-mini', credentialSource: 'team-gateway', keyId: null })
  })

  it('throws what the call would have been answered with', async () => {
    const { id: userId, principal } = await makePerson()
    const settings = { user_id: userId, allow_gateway_fallback: false }
    await database.asPrincipal(principal, (tx) => tx.insertInto('user_settings').values(settings).execute())
    const refused = await resolveProvider(keyloft, userId, 'gpt-4o-mini').catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(KeyloftError)
    expect(refused).toMatchObject({
      status: 422,
      code: 'resolver.fallback_disabled',
      message: 'User has disabled Gateway fallback; no per-user BYOK keys found.',
    })
  })
})
