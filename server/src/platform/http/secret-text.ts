import { z } from 'zod'

/**
 * A field of a request that holds a secret: a provider key, a token, a password. Said in the OpenAPI document, so that
 * clients do not show it, and so that the suite demands proof that nothing of it is ever written down
 * (server/test/canary).
 */
export const secretText = (longest: number) => z.string().min(1).max(longest).meta({ format: 'password', writeOnly: true })
