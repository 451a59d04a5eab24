import type { AddressInfo } from 'node:net'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { installSdk } from '../../sdk/test/pack.ts'
import { createTestApp } from './app.ts'
import { projectJwt, publicUrl } from './identity.ts'
import { asTestClient } from './socket-guard.ts'

/** The SDK as it is published, with the whole server, over HTTP. */
describe('the built SDK and the server', async () => {
  const { app, makePerson } = await createTestApp()
  await app.listen({ port: 0, host: '127.0.0.1' })
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  const { entrance } = installSdk()
  const { createKeyloft, KeyloftError, errorCodes }: typeof import('../../sdk/src/sdk.ts') = await import(pathToFileURL(entrance).href)

  const ready = (token?: string) => asTestClient(() => createKeyloft({ url, token }).get('/ready'))
  async function refusal(request: Promise<unknown>) {
    const error = await request.catch((thrown: unknown) => thrown)
    if (!(error instanceof KeyloftError)) throw error
    return error
  }

  async function signUp(): Promise<string> {
    const reply = await app.inject({
      method: 'POST',
      url: '/api/auth/sign-up/email',
      headers: { origin: publicUrl },
      payload: { email: 'ada@example.com', password: 'correct horse battery', name: 'Ada' },
    })
    return String(reply.headers['set-auth-token'])
  }

  it('answers nobody in particular', async () => {
    const keyloft = createKeyloft({ url })
    expect(await asTestClient(() => keyloft.get('/health'))).toEqual({ status: 'ok' })
    expect(await ready()).toEqual({ status: 'ready' })
    expect(await asTestClient(() => keyloft.get('/metrics'))).toContain('# HELP ')
  })

  it('takes a session’s token and a JWT', async () => {
    expect(await ready(await signUp())).toEqual({ status: 'ready' })
    const { id } = await makePerson()
    expect(await ready(await projectJwt({ role: 'authenticated', sub: id, aud: 'authenticated' }))).toEqual({ status: 'ready' })
  })

  it('throws a refusal with its code, hint and request', async () => {
    const error = await refusal(ready('klt_nonsense'))
    expect(error).toMatchObject({ status: 401, code: 'identity.unauthorized', message: 'This credential is not valid.' })
    expect(error.hint).toContain('Sign in again')
    expect(error.requestId).toMatch(/^[\w-]{8,64}$/)
    expect(errorCodes).toContain(error.code)
  })

  it('throws what a path that is not there answers', async () => {
    const nowhere = createKeyloft({ url }) as unknown as { get(path: string): Promise<unknown> }
    expect(await refusal(asTestClient(() => nowhere.get('/api/nowhere')))).toMatchObject({ status: 404, code: 'http.not_found' })
  })

  it('knows every code that the server lists', async () => {
    const { 'x-keyloft-errors': listed } = (await app.inject('/openapi.json')).json()
    expect(listed.map(({ code }: { code: string }) => code)).toEqual([...errorCodes])
  })
})
