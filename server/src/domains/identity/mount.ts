import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { SignIn } from './better-auth.ts'
import { identityErrors } from './errors.ts'
import { addressHeader, basePath, sessionCookieName } from './sign-in-address.ts'

const bodyLimitBytes = 64 * 1_024

interface MountOptions {
  publicUrl: string
  signIn: () => Promise<SignIn>
  keptElsewhere: () => Promise<boolean>
}

/**
 * better-auth's routes. The body is read by Fastify as bytes, so that its limit holds (it does not where a handler
 * reads the socket itself), and the reply leaves through Fastify's hooks like any other.
 */
export async function mountSignIn(app: FastifyInstance, { publicUrl, signIn, keptElsewhere }: MountOptions) {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: bodyLimitBytes }, (_request, body, done) => done(null, body))
    scope.setErrorHandler(inTheirForm)
    scope.route({
      method: ['GET', 'POST'],
      url: `${basePath}/*`,
      bodyLimit: bodyLimitBytes,
      schema: { hide: true } as object, // its own document says more
      handler: async (request, reply) => {
        if (await keptElsewhere()) throw identityErrors.kept_elsewhere()
        if (isBareValue(request)) return reply.code(400).send({ code: 'INVALID_BODY', message: 'The body must be a JSON object.' })
        const { auth } = await signIn()
        const asked = toWebRequest(request, publicUrl)
        await dropEndedSession(auth, asked)
        return send(await auth.handler(asked), reply)
      },
    })
  })
}

/** `null`, `7` and the like: hooks of plugins look into the body before anybody has checked it, and would break. */
function isBareValue({ headers, body }: FastifyRequest): boolean {
  if (!Buffer.isBuffer(body) || !/\bjson\b/i.test(headers['content-type'] ?? '')) return false
  return /^\s*[^\s{[]/.test(body.toString('utf8'))
}

/** No body counts as an empty one, for the same reason. At our own address whatever the Host header says, and from the address that the connection has. */
function toWebRequest(request: FastifyRequest, publicUrl: string): Request {
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headers)) {
    for (const one of [value].flat()) if (one !== undefined) headers.append(name, one)
  }
  headers.set(addressHeader, request.ip)
  headers.set('host', new URL(publicUrl).host)
  if (request.method !== 'POST') return new Request(new URL(request.url, publicUrl), { method: request.method, headers })
  const given = Buffer.isBuffer(request.body) ? request.body.toString('utf8').trim() : ''
  if (given === '') headers.set('content-type', 'application/json')
  return new Request(new URL(request.url, publicUrl), { method: 'POST', headers, body: given === '' ? '{}' : given })
}

/**
 * Who signs in with the cookie of a session that has ended would be given a new one and have it deleted in the same
 * reply: a hook that looks for the old session answers its absence so, after the new cookie was set.
 */
async function dropEndedSession(auth: SignIn['auth'], { url, headers }: Request) {
  const cookies = headers.get('cookie')
  if (!cookies?.includes(sessionCookieName(false)) || !signingIn.test(new URL(url).pathname)) return
  if (await auth.api.getSession({ headers, query: { disableRefresh: true } })) return
  const others = cookies.split(/; */).filter((pair) => !pair.split('=')[0]?.endsWith(sessionCookieName(false)))
  if (others.length > 0) headers.set('cookie', others.join('; '))
  else headers.delete('cookie')
}

const signingIn = /^\/api\/auth\/(sign-in|sign-up|callback)\//

async function send(response: Response, reply: FastifyReply) {
  for (const [name, value] of response.headers) if (name !== 'set-cookie') reply.header(name, value)
  for (const cookie of response.headers.getSetCookie()) reply.header('set-cookie', cookie)
  return reply.code(response.status).send(Buffer.from(await response.arrayBuffer()))
}

/** What Fastify refuses before better-auth sees it speaks as better-auth does; everything else is the server's own. */
function inTheirForm(error: FastifyError, _request: FastifyRequest, reply: FastifyReply) {
  if (error.statusCode === 413) return reply.code(413).send({ code: 'PAYLOAD_TOO_LARGE', message: 'The request body is too large.' })
  throw error
}
