import { describe, expect, it } from 'vitest'
import { anonymous, userPrincipal } from '../../base/principal.ts'
import type { Credential } from './carriers.ts'
import { createMemory } from './remember.ts'
import type { Verdict } from './verdict.ts'

describe('what is remembered of credentials', () => {
  const credential = (text: string): Credential => ({ form: 'token', text, isProjectKey: false })
  function setUp(judge: (text: string) => Verdict | Error) {
    const clock = { now: 0 }
    const live = { now: true }
    const asked: string[] = []
    const memory = createMemory(
      async ({ text }) => {
        asked.push(text)
        const verdict = judge(text)
        if (verdict instanceof Error) throw verdict
        return verdict
      },
      { clock: () => clock.now, hearsChanges: () => live.now },
    )
    return { clock, live, asked, memory }
  }

  it('is a verdict until its time, and nothing after', async () => {
    const { clock, asked, memory } = setUp(() => ({ principal: anonymous, untilMs: 100 }))
    for (const now of [0, 50, 99]) {
      clock.now = now
      await memory.verdictOn(credential('a'))
    }
    expect(asked).toHaveLength(1)
    clock.now = 100
    await memory.verdictOn(credential('a'))
    await memory.verdictOn(credential('a')) // its verdict is over already
    expect(asked).toHaveLength(3)
  })

  it('is asked once however many ask at once', async () => {
    const { asked, memory } = setUp(() => ({ refused: 'no', untilMs: 100 }))
    await Promise.all(Array.from({ length: 100 }, () => memory.verdictOn(credential('a'))))
    expect(asked).toEqual(['a'])
  })

  it('is not a failure to find out', async () => {
    let isAway = true
    const { asked, memory } = setUp(() => (isAway ? new Error('away') : { principal: anonymous, untilMs: 100 }))
    await expect(Promise.all([memory.verdictOn(credential('a')), memory.verdictOn(credential('a'))])).rejects.toThrow('away')
    isAway = false
    expect(await memory.verdictOn(credential('a'))).toEqual({ principal: anonymous, untilMs: 100 })
    expect(asked).toHaveLength(2)
  })

  it('keeps the good ones through a flood of bad ones', async () => {
    const { asked, memory } = setUp((text) => (text === 'good' ? { principal: anonymous, untilMs: 100 } : { refused: 'no', untilMs: 100 }))
    await memory.verdictOn(credential('good'))
    for (let bad = 0; bad < 20_000; bad++) await memory.verdictOn(credential(`bad ${bad}`))
    await memory.verdictOn(credential('good'))
    expect(asked.filter((text) => text === 'good')).toHaveLength(1)
  })

  it('is shared by requests, so that none can change it for another', async () => {
    const principal = {
      role: 'authenticated' as const,
      claims: { role: 'authenticated' as const, sub: 'ada' },
      scopes: ['calls' as const],
      models: ['a'],
    }
    const { memory } = setUp(() => ({ principal, untilMs: 100 }))
    await memory.verdictOn(credential('a'))
    for (const part of [principal, principal.claims, principal.scopes, principal.models]) expect(Object.isFrozen(part)).toBe(true)
  })

  it('is asked again after a second while nobody can tell us of changes', async () => {
    const { clock, live, asked, memory } = setUp(() => ({ principal: anonymous, untilMs: 10_000 }))
    await memory.verdictOn(credential('a'))
    live.now = false
    clock.now = 999
    await memory.verdictOn(credential('a'))
    expect(asked).toHaveLength(1)
    clock.now = 1_000
    await memory.verdictOn(credential('a'))
    expect(asked).toHaveLength(2)
    live.now = true
    clock.now = 9_999
    await memory.verdictOn(credential('a'))
    expect(asked).toHaveLength(2)
  })

  it('ends with what it was made from, also when that changes while it is being asked', async () => {
    let finish: (() => void)[] = []
    const memory = createMemory(
      () => new Promise((resolve) => finish.push(() => resolve({ principal: userPrincipal('ada'), untilMs: 10_000 }))),
      { clock: () => 0, hearsChanges: () => true },
    )
    const ask = async () => {
      const asked = memory.verdictOn(credential('a'))
      for (const resolve of finish.splice(0)) resolve()
      await asked
      return asked instanceof Promise
    }
    expect([await ask(), await ask()]).toEqual([true, false])
    memory.forgetWhere(({ claims }) => claims.sub === 'bob')
    expect(await ask()).toBe(false)
    memory.forgetWhere(({ claims }) => claims.sub === 'ada')
    const old = memory.verdictOn(credential('a'))
    memory.forgetWhere(({ claims }) => claims.sub === 'bob') // whom it is about is not known yet
    const fresh = memory.verdictOn(credential('a'))
    expect(fresh).not.toBe(old)
    const waiting = finish
    finish = []
    for (const resolve of waiting) resolve()
    await Promise.all([old, fresh])
    expect(await ask()).toBe(false)
  })

  it('can be forgotten', async () => {
    const { asked, memory } = setUp(() => ({ principal: anonymous, untilMs: 100 }))
    await memory.verdictOn(credential('a'))
    memory.forget('a')
    await memory.verdictOn(credential('a'))
    expect(asked).toHaveLength(2)
  })
})
