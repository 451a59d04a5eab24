import { z } from 'zod'
import { AppError } from '../../base/errors.ts'
import type { Asked } from '../../platform/database/database.ts'
import { sqlstateOf } from '../../platform/database/sql-errors.ts'
import { defineRoute, type Route } from '../../platform/http/define-route.ts'
import { secretText } from '../../platform/http/secret-text.ts'
import type { Backend } from './backend.ts'
import { rpcErrors } from './errors.ts'
import { postgrestForm } from './postgrest-form.ts'

const userId = z.string().max(200).describe('The id of a person, a uuid.')
const service = z.string().min(1).max(100).describe('openai, openrouter, anthropic, xai, gateway …')
const providerKey = secretText(4_096)

/**
 * The functions of the vault over HTTP, called as PostgREST calls functions, so that supabase-js and the curl commands
 * of an existing backend work with another base URL. Keys go in and out in the clear here; the functions of the same
 * name in the database see them sealed.
 */
export function backendRoutes(backend: Backend): Route[] {
  const call = <Body extends z.ZodRawShape, Reply extends z.ZodType>(
    name: string,
    summary: string,
    { body, reply, refusals = [] }: { body: Body; reply: Reply; refusals?: number[] },
    work: (asked: Asked, body: z.output<z.ZodObject<Body>>) => Promise<z.input<Reply>>,
  ) =>
    defineRoute({
      method: 'POST',
      path: `/rest/v1/rpc/${name}`,
      policy: { allow: 'service' },
      errorForm: postgrestForm,
      schema: { summary, body: z.object(body), status: reply instanceof z.ZodVoid ? 204 : 200, reply, refusals },
      handler: async ({ principal, body, request, reply: answer }) => {
        const result = await work({ principal, requestId: request.id }, body as z.output<z.ZodObject<Body>>).catch(explain)
        answer.type('application/json').serializer(JSON.stringify)
        return result
      },
    })

  return [
    call(
      'insert_user_api_key',
      'Keep a person’s provider key, in place of the unnamed one before',
      { body: { p_user_id: userId, p_service: service, p_api_key: providerKey }, reply: z.uuid(), refusals: [409] },
      (asked, { p_user_id, p_service, p_api_key }) => backend.insertKey(asked, uuid(p_user_id), p_service, p_api_key),
    ),
    call(
      'get_user_api_key',
      'A person’s provider key, in the clear; null when there is none. Audited',
      { body: { p_user_id: userId, p_service: service }, reply: z.string().nullable() },
      (asked, { p_user_id, p_service }) => backend.revealKey(asked, uuid(p_user_id), p_service),
    ),
    call(
      'touch_user_api_key',
      'Say that a person’s key was used',
      { body: { p_user_id: userId, p_service: service }, reply: z.void() },
      (asked, { p_user_id, p_service }) => backend.touchKey(asked, uuid(p_user_id), p_service),
    ),
    call(
      'delete_user_api_key',
      'Delete every key a person has of a provider',
      { body: { p_user_id: userId, p_service: service }, reply: z.void() },
      (asked, { p_user_id, p_service }) => backend.deleteKey(asked, uuid(p_user_id), p_service),
    ),
    call(
      'upsert_user_gateway_config',
      'Say where a person’s gateway is',
      { body: { p_user_id: userId, p_base_url: z.string().min(1).max(2_048) }, reply: z.void(), refusals: [409] },
      (asked, { p_user_id, p_base_url }) => backend.setGateway(asked, uuid(p_user_id), p_base_url),
    ),
    call(
      'get_user_gateway_base_url',
      'Where a person’s gateway is; null when they named none',
      { body: { p_user_id: userId }, reply: z.string().nullable() },
      (asked, { p_user_id }) => backend.gatewayBaseUrl(asked, uuid(p_user_id)),
    ),
    call(
      'get_user_allow_gateway_fallback',
      'Whether the team’s gateway may serve a person; true unless they said no',
      { body: { p_user_id: userId }, reply: z.boolean() },
      (asked, { p_user_id }) => backend.allowsGatewayFallback(asked, uuid(p_user_id)),
    ),
    call(
      'delete_user_gateway_config',
      'Forget where a person’s gateway is',
      { body: { p_user_id: userId }, reply: z.void() },
      (asked, { p_user_id }) => backend.deleteGateway(asked, uuid(p_user_id)),
    ),
    call(
      'check_byok_vault_health',
      'Whether a secret can be sealed, kept, read back and opened',
      { body: {}, reply: z.boolean() },
      (asked) => backend.isHealthy(asked),
    ),
  ]
}

/** In PostgreSQL's words, which is what a client of PostgREST knows. */
function uuid(text: string): string {
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return text.toLowerCase()
  throw rpcErrors.not_a_uuid({ message: `invalid input syntax for type uuid: "${text}"` })
}

/** A key or a gateway for somebody who is not there. */
function explain(error: unknown): never {
  if (error instanceof AppError && sqlstateOf(error.cause) === '23503') throw rpcErrors.no_such_user({ cause: error.cause })
  throw error
}
