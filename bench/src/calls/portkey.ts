import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { announce } from './announce.ts'

/* Portkey's gateway, the strongest in TypeScript, as it is started by its own command. Its @hono/node-server is held at 1.13.8: with newer ones its streams break. */

const [, , provider = ''] = process.argv
const port = await freePort()
process.argv = [process.argv[0] ?? '', 'portkey', '--headless', `--port=${port}`]
console.log = () => {} // it greets
process.stdout.write = () => true
// @ts-expect-error: it has no types
await import('@portkey-ai/gateway/build/start-server.js')
await waitFor(port)
announce(port, { authorization: 'Bearer sk-mock', 'x-portkey-provider': 'openai', 'x-portkey-custom-host': `${provider}/v1` })

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function waitFor(port: number) {
  for (let tries = 0; tries < 100; tries++) {
    const answers = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    )
    if (answers) return
    await sleep(100)
  }
  throw new Error('Portkey does not answer')
}
