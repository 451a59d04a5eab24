import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { readConfig } from '../src/config.ts'
import { createEgress } from '../src/platform/egress/egress.ts'
import { listenHttp } from './loopback.ts'

/** The door as `start` builds it, from the environment. */
function doorOf(env: Record<string, string>) {
  const folder = mkdtempSync(join(tmpdir(), 'keyloft-egress-'))
  const egress = createEgress(readConfig(folder, { needsRootKeys: false }, env).egress)
  onTestFinished(async () => {
    await egress.close()
    rmSync(folder, { recursive: true })
  })
  return egress
}

describe('what users may name', () => {
  it('is what the operator allows by the environment, and only with every part of it', async () => {
    const { port } = await listenHttp((_request, response) => response.end('inside'))
    const url = `http://127.0.0.1:${port}/`
    const all = {
      KEYLOFT_EGRESS_ALLOW_HTTP: '1',
      KEYLOFT_EGRESS_ALLOW_PORTS: `443, ${port}`,
      KEYLOFT_EGRESS_ALLOW_NETWORKS: '127.0.0.0/8',
    }
    expect((await doorOf(all).request(url)).body.toString()).toBe('inside')
    for (const [absent, code] of [
      ['KEYLOFT_EGRESS_ALLOW_HTTP', 'egress.scheme_refused'],
      ['KEYLOFT_EGRESS_ALLOW_PORTS', 'egress.port_refused'],
      ['KEYLOFT_EGRESS_ALLOW_NETWORKS', 'egress.host_refused'],
    ] as const) {
      await expect(doorOf({ ...all, [absent]: '' }).request(url), absent).rejects.toMatchObject({ code })
    }
  })

  it('may be a name that ends inwards, if that name is allowed', () => {
    expect(() => doorOf({}).namedByUser('https://llm.corp.internal/')).toThrow()
    const open = doorOf({ KEYLOFT_EGRESS_ALLOW_NAMES: 'LLM.corp.internal' })
    expect(open.namedByUser('https://llm.corp.internal/').hostname).toBe('llm.corp.internal')
    expect(() => open.namedByUser('https://other.corp.internal/')).toThrow()
  })
})
