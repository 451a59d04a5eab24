import type { Profiler } from 'node:inspector'
import { expect, it } from 'vitest'
import { byOwner, toFrames, toPage } from './flame-graph.ts'

const node = (id: number, functionName: string, url: string, children: number[] = []) => ({
  id,
  callFrame: { functionName, scriptId: '0', url, lineNumber: 9, columnNumber: 0 },
  hitCount: 0,
  children,
})
const profile: Profiler.Profile = {
  nodes: [
    node(1, '(root)', '', [2, 5, 6]),
    node(2, 'handle', 'file:///somewhere/server/src/domains/gateway/routes.ts', [3, 4]),
    node(3, 'write', 'node:net', []),
    node(4, 'dispatch', '/somewhere/node_modules/undici/lib/client.js', []),
    node(5, '(idle)', ''),
    node(6, '(garbage collector)', ''),
  ],
  samples: [3, 4, 5, 6, 2],
  timeDeltas: [100, 200, 5_000, 50, 10],
  startTime: 0,
  endTime: 5_360,
}

it('puts the times of equal stacks together, without what was idle', () => {
  const { microseconds, above } = toFrames(profile)
  expect(microseconds).toBe(360)
  const handle = above.get('handle server/src/domains/gateway/routes.ts:10')
  expect(handle?.microseconds).toBe(310)
  expect([...(handle?.above.values() ?? [])].map(({ name, microseconds }) => [name, microseconds])).toEqual([
    ['write node:net:10', 100],
    ['dispatch node_modules/undici/lib/client.js:10', 200],
  ])
})

it('gives the time that a part spends in Node to that part', () => {
  expect([...byOwner(profile)]).toEqual([
    ['undici', 200],
    ['domains/gateway', 110],
    ['(garbage collector)', 50],
  ])
})

it('makes a page that needs nothing else, whatever a function is called', () => {
  const hostile = { ...profile, nodes: profile.nodes.map((one) => (one.id === 4 ? node(4, '<img src="x">', '') : one)) }
  const page = toPage('calls', toFrames(hostile), 10)
  expect(page).toContain('36.0 µs a call')
  expect(page).toContain('&lt;img src=&quot;x&quot;>')
  expect(page).not.toMatch(/<img|https?:/)
})
