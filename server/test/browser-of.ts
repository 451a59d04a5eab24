import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import { publicUrl } from './identity.ts'

/** A browser at this server's pages: it keeps cookies. */
export interface Browser {
  cookies: Map<string, string>
  get(path: string): Promise<LightMyRequestResponse>
  post(path: string, body: object): Promise<LightMyRequestResponse>
}

let browsers = 0

export function browserOf(app: FastifyInstance): Browser {
  const cookies = new Map<string, string>()
  const keep = (reply: LightMyRequestResponse) => {
    for (const { name, value, maxAge } of reply.cookies) {
      if (maxAge === 0 || value === '') cookies.delete(name)
      else cookies.set(name, encodeURIComponent(value))
    }
    return reply
  }
  const remoteAddress = `10.0.${Math.floor(browsers / 250)}.${(browsers++ % 250) + 1}` // each is limited by itself
  const headers = () => ({ origin: publicUrl, cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') })
  return {
    cookies,
    get: async (url) => keep(await app.inject({ url, remoteAddress, headers: headers() })),
    post: async (url, payload) => keep(await app.inject({ method: 'POST', url, remoteAddress, headers: headers(), payload })),
  }
}
