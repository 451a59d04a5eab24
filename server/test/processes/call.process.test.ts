import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { installKeyloft, run, start, stop } from './run-keyloft.ts'

const sandbox = installKeyloft()
const ada = '5eed0000-0000-4000-8000-000000000001'

/** A provider whose answer ends in the middle of a stream, and would paint the terminal red. */
async function startBreaking(): Promise<string> {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: '\u001b[31mred' } }] })}\n\n`)
    setTimeout(() => response.destroy(), 300) // by then the intent is committed, and the piece has left
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
}

test('keyloft call shows an answer of the running server, or says in a sentence why there is none', async () => {
  const dataDir = sandbox.newDataDir()
  const JWT_SECRET = randomBytes(48).toString('base64')
  const providers = { KEYLOFT_PROVIDERS: `breaking=${await startBreaking()}`, KEYLOFT_MOCK_PROVIDER: '1' }
  const keyloft = async (args: string[], env: Record<string, string> = {}, stdin = '') => {
    const running = run(sandbox, args, { env: { KEYLOFT_DATA_DIR: dataDir, ...env }, spawn: { stdio: ['pipe', 'pipe', 'pipe'] } })
    running.child.stdin?.end(stdin)
    return running.ended
  }
  const asAda = (text: string, ...more: string[]) => keyloft(['call', text, '--user', ada, ...more], { JWT_SECRET })
  expect(await asAda('hello')).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('No server runs on') })

  const server = await start(sandbox, dataDir, { env: { JWT_SECRET, ...providers } })
  expect(await keyloft(['seed'])).toMatchObject({ code: 0 })
  expect(await asAda('hello')).toMatchObject({ code: 0, stdout: 'You said: hello\n', stderr: '(mock-1 by server-key;provider=mock)\n' })
  const { stdout } = await asAda('hello', '--json')
  expect(JSON.parse(stdout)).toMatchObject({ model: 'mock-1', answer: 'You said: hello', finishReason: 'stop' })

  const added = await keyloft(['keys', 'add', '--user', ada, '--provider', 'breaking'], providers, 'sk-breaking-0123456789')
  expect(added).toMatchObject({ code: 0 })
  const broken = await asAda('hello', '--model', 'breaking/any')
  expect(broken).toMatchObject({ code: 1, stdout: '[31mred', stderr: expect.stringContaining('The answer broke off.') })
  expect(await asAda('hello', '--model', 'gpt-5')).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('422 resolver.') })

  const withToken = (KEYLOFT_TOKEN: string) => keyloft(['call', 'hello'], { KEYLOFT_TOKEN })
  const headers = {
    authorization: `Bearer ${(await keyloft(['jwt', '--role', 'authenticated', '--user', ada], { JWT_SECRET })).stdout.trim()}`,
  }
  const made = await fetch(`${server.base}/api/tokens`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'call', scopes: ['calls'] }),
  })
  const { token } = (await made.json()) as { token: string }
  expect(await withToken(token)).toMatchObject({ code: 0, stdout: 'You said: hello\n' })
  const unknown = await withToken('klt_never-issued')
  expect(unknown).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('401 identity.unauthorized') })
  expect(unknown.stderr).not.toContain('never-issued')

  const wrong = [
    await keyloft(['call', 'hello']),
    await keyloft(['call', 'hello', '--user', ada], { DATABASE_URL: 'postgres://owner@127.0.0.1:1/keyloft' }),
    await keyloft(['call', 'hello', '--user', 'ada']),
    await keyloft(['call', 'hello', '--user', ada.replace('5eed', '5eee')]),
  ]
  expect(wrong.map(({ code, stderr }) => [code, stderr.split('\n')[0]])).toEqual([
    [1, 'Nobody is named who calls.'],
    [1, 'JWT_SECRET is not set, with which --user is signed.'],
    [1, 'That is not the id of a user.'],
    [1, `Nobody here is ${ada.replace('5eed', '5eee')}.`],
  ])

  // Without JWT_SECRET, by a token that is gone behind the command.
  for (const text of ['hello', 'again'])
    expect(await keyloft(['call', text, '--user', ada])).toMatchObject({ code: 0, stdout: `You said: ${text}\n` })
  const { items } = (await (await fetch(`${server.base}/api/tokens`, { headers })).json()) as { items: { name: string }[] }
  expect(items.map(({ name }) => name)).toEqual(['call'])
  await stop(server)
})
