import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import Fastify from 'fastify'
import { afterAll, describe, expect, it } from 'vitest'
import { mountDashboard } from './dashboard.ts'

describe('the pages of the dashboard', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'keyloft-pages-'))
  mkdirSync(join(folder, 'assets'))
  writeFileSync(join(folder, 'index.html'), '<base href="./" /><script type="module" src="./assets/a-1.js"></script>')
  writeFileSync(join(folder, 'assets/a-1.js'), 'console.log(1)')
  writeFileSync(join(folder, 'secret.txt'), 'not of a type that is served')
  const app = Fastify()
  await mountDashboard(app, folder)
  afterAll(async () => {
    await app.close()
    rmSync(folder, { recursive: true })
  })
  const open = (url: string, accept = 'text/html,*/*') => app.inject({ url, headers: { accept } })

  it.each([
    ['/', './'],
    ['/keys', './'],
    ['/usage/calls', '../'],
    ['/usage/calls/7?a=/b', '../../'],
  ])('finds the start from %s, below whatever path a proxy puts before it', async (url, base) => {
    expect((await open(url)).body).toContain(`<base href="${base}" />`)
  })

  it('lets in the scripts of this server and the styles of this one reply, and nothing else', async () => {
    const [first, second] = [await open('/'), await open('/')]
    const nonceOf = (reply: typeof first) => /style-src 'self' 'nonce-([^']+)'/.exec(String(reply.headers['content-security-policy']))?.[1]
    expect(nonceOf(first)).toHaveLength(24)
    expect(nonceOf(first)).not.toBe(nonceOf(second))
    expect(first.body).toContain(`<script nonce="${nonceOf(first)}"`)
    const policy = String(first.headers['content-security-policy'])
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; /)
    expect(policy).not.toMatch(/unsafe|\*|https?:/)
    expect(first.headers['cache-control']).toBe('no-store')
  })

  it('lets browsers keep files whose name changes with their content', async () => {
    const plain = await open('/assets/a-1.js', '*/*')
    expect(plain.headers).toMatchObject({ 'cache-control': 'public, max-age=31536000, immutable', vary: 'accept-encoding' })
    const packed = await app.inject({ url: '/assets/a-1.js', headers: { 'accept-encoding': 'gzip, br' } })
    expect(packed.headers['content-encoding']).toBe('gzip')
    expect(gunzipSync(packed.rawPayload).toString()).toBe(plain.body)
  })

  it.each([
    '/api/nothing',
    '/v1/nothing',
    '/v1beta/x',
    '/rest/v1/nothing',
    '/proxy/nothing',
    '/docs/nothing',
    '/assets/b.js',
    '/favicon.ico',
  ])('gives no page for %s', async (url) => expect((await open(url)).statusCode).toBe(404))

  it('gives no page to a client that is no browser', async () => {
    expect((await open('/keys', 'application/json')).statusCode).toBe(404)
  })

  it.each(['/secret.txt', '/../package.json', '/assets/..%2f..%2fsecret.txt', '/%2e%2e/dashboard.ts', '//etc/passwd'])(
    'serves no other file: %s',
    async (url) => expect((await open(url)).body).not.toMatch(/not of a type|"name"|import |root:/),
  )

  it('leaves the server as it is where nothing was built', async () => {
    const bare = Fastify()
    await mountDashboard(bare, join(folder, 'nowhere'))
    expect((await bare.inject({ url: '/', headers: { accept: 'text/html' } })).statusCode).toBe(404)
  })
})
