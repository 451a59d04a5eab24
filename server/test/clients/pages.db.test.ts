import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { projectJwt } from '../identity.ts'
import { asTestClient } from '../socket-guard.ts'
import { setUpClients } from './set-up.ts'

/* Each snippet of docs/guides/clients does what its page says. The address is changed, and nothing else. */

const root = join(import.meta.dirname, '../../..')
const folder = join(root, 'docs/guides/clients')
const pages = readdirSync(folder)

interface Block {
  page: string
  number: number
  language: string
  code: string
}

const blocks: Block[] = pages.flatMap((page) =>
  [...readFileSync(join(folder, page), 'utf8').matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language = '', code = ''], index) => ({
    page,
    number: index + 1,
    language,
    code,
  })),
)
const inLanguage = (...languages: string[]) => blocks.filter(({ language }) => languages.includes(language))

/** What is said where it is not the answer to `hello`. */
const said: Record<string, RegExp> = {
  'curl.md 2': /^\{"object":"list"/,
  'openai.md 2': /^You said: hello\ncompleted\n$/,
  'openai.md 4': /^400 http\.invalid [0-9a-f-]{36}\n$/,
  'anthropic.md 2': /^\d+\n$/,
}

describe('the pages of clients', async () => {
  const { url, mock, someone } = await setUpClients()
  const { id, token } = await someone()
  const env = {
    PATH: process.env.PATH ?? '',
    KEYLOFT_TOKEN: token,
    USER_ID: id,
    OPENAI_KEY_OF_USER: 'sk-of-a-person-0123456789-anew',
    SERVICE_KEY: await projectJwt({ role: 'service_role' }),
    ACCESS_TOKEN: await projectJwt({ role: 'authenticated', sub: id, aud: 'authenticated' }),
  }
  const here = (code: string) => code.replaceAll('http://127.0.0.1:8787', url)
  // Below the repository, so that packages are found.
  const scratch = mkdtempSync(join(root, 'server/test/clients/.pages-'))
  afterAll(() => rmSync(scratch, { recursive: true }))

  it.each(inLanguage('js', 'sh'))('$page, block $number ($language) runs', async ({ page, number, language, code }) => {
    const file = join(scratch, `${page}-${number}.${language === 'js' ? 'mjs' : 'sh'}`)
    writeFileSync(file, here(code))
    const [program, ...options] = language === 'js' ? [process.execPath] : ['sh', '-e']
    const { stdout, stderr } = await promisify(execFile)(program as string, [...options, file], { env })
    expect(stdout).toMatch(said[`${page} ${number}`] ?? /You said: hello/)
    expect(stderr).toBe('')
  })

  it.each(inLanguage('python'))('$page, block $number ($language) names what is here', ({ code }) =>
    asTestClient(async () => {
      const [, baseUrl = ''] = /base_url="([^"]+)"/.exec(here(code)) ?? []
      const [, model = ''] = /model="([^"]+)"/.exec(code) ?? []
      expect(code).toContain('api_key=os.environ["KEYLOFT_TOKEN"]')
      const reply = await fetch(`${baseUrl}/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hello' }] }),
      })
      expect(await reply.text()).toContain('You said: hello')
    }),
  )

  it('claude-code.md: what Claude Code sends with these settings is served, its version and betas with it', () =>
    asTestClient(async () => {
      const [{ code = '' } = {}] = inLanguage('json')
      const settings = JSON.parse(here(code)) as { env: Record<string, string>; apiKeyHelper: string }
      expect(settings).toEqual({ env: { ANTHROPIC_BASE_URL: url }, apiKeyHelper: expect.stringContaining('cat ') })
      const headers = {
        authorization: `Bearer ${token}`,
        'x-api-key': token,
        'anthropic-version': '2023-06-01',
        'anthropic-beta': 'claude-code-20250219,interleaved-thinking-2025-05-14',
        'content-type': 'application/json',
      }
      const body = JSON.stringify({
        model: 'claude-sonnet-4-5',
        max_tokens: 512,
        stream: true,
        system: [{ type: 'text', text: 'You are terse.', cache_control: { type: 'ephemeral' } }],
        messages: [{ role: 'user', content: [{ type: 'text', text: 'hello' }] }],
      })
      for (const path of ['/v1/messages?beta=true', '/v1/messages/count_tokens?beta=true']) {
        const reply = await fetch(settings.env.ANTHROPIC_BASE_URL + path, { method: 'POST', headers, body })
        expect(reply.status).toBe(200)
        expect(await reply.text()).toMatch(/event: message_stop|"input_tokens"/)
        expect(mock.seen.at(-1)?.headers).toMatchObject({
          'anthropic-version': headers['anthropic-version'],
          'anthropic-beta': headers['anthropic-beta'],
          'x-api-key': expect.stringContaining('-anthropic'),
        })
      }
    }))
})

it('README leads to every page of a client', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  expect(pages.filter((page) => !readme.includes(`docs/guides/clients/${page}`))).toEqual([])
})
