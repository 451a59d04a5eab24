import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import type { TestApp } from './app.ts'
import { projectJwt, publicUrl } from './identity.ts'

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
type Ask = (method: Method, url: string, payload?: object, on?: FastifyInstance) => Promise<LightMyRequestResponse>

export interface SignedIn {
  id: string
  email: string
  /** As this person, over HTTP. */
  ask: Ask
  /** With the session of the cookie that they got at sign-up. */
  cookie: string
}

/** Signs people up through the server's own routes, and asks as them. */
export function peopleOf({ app }: Pick<TestApp, 'app'>) {
  let count = 0
  const asking =
    (headers: Record<string, string>): Ask =>
    (method, url, payload, on = app) =>
      on.inject({ method, url, headers, ...(payload ? { payload } : {}) })

  return {
    asking,
    password: 'correct horse battery',
    async signUp(): Promise<SignedIn> {
      const email = `someone${++count}@example.com`
      const reply = await app.inject({
        method: 'POST',
        url: '/api/auth/sign-up/email',
        headers: { origin: publicUrl },
        payload: { email, password: 'correct horse battery', name: 'Someone' },
        remoteAddress: `198.51.100.${count}`,
      })
      if (reply.statusCode !== 200) throw new Error(`sign-up: ${reply.statusCode} ${reply.body}`)
      const [set = ''] = [reply.headers['set-cookie'] ?? []].flat()
      const cookie = set.split(';')[0] ?? ''
      return { id: reply.json().user.id, email, cookie, ask: asking({ authorization: `Bearer ${reply.headers['set-auth-token']}` }) }
    },
    service: async () => asking({ authorization: `Bearer ${await projectJwt({ role: 'service_role' })}` }),
    byJwt: async (sub: string) =>
      asking({ authorization: `Bearer ${await projectJwt({ role: 'authenticated', sub, aud: 'authenticated' })}` }),
  }
}
