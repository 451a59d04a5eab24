import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { exampleOf, fill, type Operation, type Schema } from './operations.ts'
import type { Refusal, RouteRefusals } from './refusal.ts'

const jsonType = { 'content-type': 'application/json' }

/** Refusals that follow from what the document says of a route, so that nobody has to write them down. */
export function genericRefusals(operation: Operation, status: number, valid: RouteRefusals['valid']): Refusal[] {
  switch (status) {
    case 400:
      return [...wrongForm(operation, valid), ...wrongKey(operation, valid)]
    case 401:
      return wrongCredential(operation)
    case 403:
      return wrongPerson(operation)
    case 404:
      return nothingThere(operation, valid)
    case 409:
      return usedKey(operation, valid)
    case 413:
      return [tooLarge(valid)]
    case 415:
      return [{ code: 'http.unsupported_media_type', prepare: () => ({ payload: 'a,b', headers: { 'content-type': 'text/csv' } }) }]
    case 429:
      return operation.path.startsWith('/v1') || operation.path.startsWith('/proxy') ? [] : [tooOften(operation)]
    default:
      return []
  }
}

function tooLarge(valid: RouteRefusals['valid']): Refusal {
  const headers = { ...jsonType, 'content-length': '1000000000000' }
  return { code: 'http.too_large', prepare: async (test, caller) => ({ ...(await valid?.(test, caller)), payload: '{}', headers }) }
}

function wrongForm(operation: Operation, valid: RouteRefusals['valid']): Refusal[] {
  const { body, parameters } = operation
  const refusals: Refusal[] = []
  if (body) refusals.push({ code: 'http.bad_request', prepare: () => ({ payload: '{"', headers: jsonType }) })
  if (body?.type === 'object') refusals.push({ code: 'http.invalid', prepare: () => ({ payload: '7', headers: jsonType }) })
  for (const { name, in: place, schema } of parameters) {
    if (place === 'header' || !isBound(schema)) continue
    const url = place === 'path' ? fill(operation, { [name]: '~' }) : `${fill(operation)}?${name}=~`
    refusals.push({ code: 'http.invalid', prepare: async (test, caller) => ({ ...(await valid?.(test, caller)), url }) })
  }
  if (parameters.some((parameter) => parameter.in === 'query'))
    refusals.push({
      code: 'http.invalid',
      prepare: async (test, caller) => ({ ...(await valid?.(test, caller)), url: misspelt(operation) }),
    })
  return refusals
}

/** Whatever else it must be asked with is right. */
function misspelt(operation: Operation): string {
  const needed = operation.parameters.filter(({ in: place, required }) => place === 'query' && required)
  const query = new URLSearchParams({ ...Object.fromEntries(needed.map(({ name, schema }) => [name, exampleOf(schema)])), misspelt: 'x' })
  return `${fill(operation)}?${query}`
}

/** Where not every text will do. */
const isBound = ({ type, format, pattern, enum: values }: Schema = {}) =>
  type === 'string' ? [format, pattern, values].some((rule) => rule !== undefined) : type !== undefined

function wrongCredential({ policy }: Operation): Refusal[] {
  const unknown = { authorization: `Bearer klt_${'0'.repeat(40)}` }
  const refusals: Refusal[] = [{ code: 'identity.unauthorized', by: 'nobody', prepare: () => ({ headers: unknown }) }]
  if (policy.allow !== 'anyone') refusals.push({ code: 'http.unauthorized', by: 'nobody', prepare: () => ({}) })
  return refusals
}

/** Scopes are the matrix test's. */
function wrongPerson({ policy }: Operation): Refusal[] {
  return [{ code: 'http.forbidden', by: policy.allow === 'user' ? 'service' : 'person', prepare: () => ({}) }]
}

function nothingThere(operation: Operation, valid: RouteRefusals['valid']): Refusal[] {
  if (!operation.path.includes('{') || (operation.body && !valid)) return []
  return [{ prepare: async (test, caller) => ({ ...(await valid?.(test, caller)), url: fill(operation) }) }]
}

/** Read after the body: the rest must be right. */
function wrongKey(operation: Operation, valid: RouteRefusals['valid']): Refusal[] {
  if (!takesKey(operation) || (operation.body && !valid)) return []
  return [
    {
      code: 'http.bad_idempotency_key',
      prepare: async (test, caller) => {
        const attempt = await valid?.(test, caller)
        return { ...attempt, headers: { ...attempt?.headers, 'idempotency-key': 'a b' } }
      },
    },
  ]
}

/** Under the key stands another request: this one must not be done. */
function usedKey(operation: Operation, valid: RouteRefusals['valid']): Refusal[] {
  if (!takesKey(operation) || (operation.body && !valid)) return []
  return [
    {
      code: 'http.idempotency_mismatch',
      prepare: async (test, caller) => {
        const key = randomUUID()
        await sql`select keyloft.begin_idempotent(${caller.userId ?? null}, ${key}, 'another', 60)`.execute(test.owner.db)
        const attempt = await valid?.(test, caller)
        return { ...attempt, headers: { ...attempt?.headers, 'idempotency-key': key } }
      },
    },
  ]
}

function tooOften({ method, path }: Operation): Refusal {
  return {
    code: 'http.rate_limited',
    prepare: async ({ app, owner }, { headers, remoteAddress }) => {
      // One request makes the counter. Then it has seen as many as anybody may send.
      await app.inject({ method, url: path, headers, remoteAddress })
      await sql`update keyloft.request_counts set count = 2000000000`.execute(owner.db)
      return {}
    },
    undo: async ({ owner }) => void (await sql`delete from keyloft.request_counts`.execute(owner.db)),
  }
}

const takesKey = ({ parameters }: Operation) => parameters.some(({ name }) => name === 'idempotency-key')
