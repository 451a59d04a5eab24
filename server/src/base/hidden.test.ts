import { format, inspect } from 'node:util'
import pino from 'pino'
import { expect, it } from 'vitest'
import { Hidden } from './hidden.ts'

it('shows a hidden text to nobody but who asks for it', () => {
  const canary = 'sk-canary-in-the-configuration'
  const hidden = new Hidden(canary)
  expect(hidden.reveal()).toBe(canary)
  const logged: string[] = []
  pino({}, { write: (line: string) => void logged.push(line) }).error(
    { hidden, err: new Error(`it is ${hidden}`, { cause: hidden }) },
    'failed',
  )
  const shown = [
    JSON.stringify({ hidden, inside: [hidden] }),
    JSON.stringify({ ...hidden }),
    JSON.stringify(Object.getOwnPropertyNames(hidden)),
    String(hidden),
    `${hidden}`,
    format('%s %o %O %j', hidden, hidden, hidden, hidden),
    inspect({ hidden }, { depth: 9, showHidden: true, getters: true, showProxy: true }),
    JSON.stringify(structuredClone(hidden)),
    ...logged,
  ]
  for (const text of shown) expect(text).not.toContain('canary')
})
