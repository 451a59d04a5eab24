import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createProviders, protocols } from '../providers/providers.ts'
import { type Asked, decide, type Facts, hindrances, type Key, type Resolution, type Surroundings } from './decide.ts'
import { createCatalogue, nameAt, readHint } from './model-names.ts'
import { refusalOf } from './refusal.ts'
import { isOfPerson, type Source, sources, usualOrder } from './sources.ts'

/*
 * truth-table.txt holds every decision: each state of each kind of key with each other, under each setting; each model
 * hint with each provider; each kind of call with each provider. A change of it is read line by line, and taken over
 * with `vitest run server/src/domains/resolver -u`.
 */
const providers = createProviders({ baseUrls: {}, added: { local: 'http://llm.internal/v1', mock: 'http://127.0.0.1/mock/v1' } })
const catalogue = createCatalogue([
  { provider: 'anthropic', model: 'claude-3-5-haiku-latest' },
  { provider: 'anthropic', model: 'claude-sonnet-4-0' },
  { provider: 'openrouter', model: 'anthropic/claude-haiku-4.5' },
  { provider: 'local', model: 'llama-of-ours' },
  { provider: 'mock', model: 'mock-1' },
])
const now = Date.UTC(2026, 10, 21, 12)
const around: Surroundings = { order: usualOrder, providers, catalogue }

function keyOf(source: Source, providerId: string, change: Partial<Key> = {}): Key {
  const provider = providers.find(providerId)
  if (!provider) throw new Error(providerId)
  const id = isOfPerson(source) ? { id: `${source} ${providerId}` } : {}
  return { source, provider, ...id, isEnabled: true, isValid: true, dailyLimit: null, monthlyLimit: null, ...change }
}
const serverKey = (provider: string) => keyOf('server-key', provider)
const factsOf = (keys: readonly Key[], change: Partial<Facts> = {}): Facts => ({
  keys,
  allowsTeamGateway: true,
  ownKeysOnly: false,
  ...change,
})
const ask = (modelHint: string | undefined, change: Partial<Asked> = {}): Asked => ({ modelHint, now, ...change })
const chosen = ({ decisions }: Resolution) => decisions.map(({ key, modelId }) => [key.source, key.provider.id, modelId])

const limited = { dailyLimit: 5, monthlyLimit: 100 }
type State = 'absent' | 'ok' | 'disabled' | 'refused' | 'over limit' | 'host changed' | 'resting'
const states: readonly State[] = ['absent', 'ok', 'disabled', 'refused', 'over limit', 'host changed', 'resting']
const changes: Partial<Record<State, Partial<Key>>> = {
  disabled: { isEnabled: false },
  refused: { isValid: false },
  'over limit': limited,
  'host changed': { nowhere: 'host_changed' },
}
const table = (rows: readonly (readonly string[])[]) => {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function everyState(): string {
  const levels = [
    { source: 'user-gateway', provider: 'gateway', states },
    { source: 'user-key', provider: 'openai', states },
    { source: 'server-key', provider: 'openai', states: ['absent', 'ok', 'resting'] },
    { source: 'team-gateway', provider: 'gateway', states: ['absent', 'ok', 'resting'] },
  ] as const
  const settings = [
    { name: 'usual', change: {} },
    { name: 'no consent', change: { allowsTeamGateway: false } },
    { name: 'own keys only', change: { ownKeysOnly: true } },
    { name: 'own keys only, no consent', change: { ownKeysOnly: true, allowsTeamGateway: false } },
  ]
  const combinations = levels.reduce<State[][]>((all, level) => all.flatMap((one) => level.states.map((state) => [...one, state])), [[]])
  const rows = combinations.map((combination) => {
    const present = levels
      .map((level, index) => ({ ...level, state: combination[index] ?? 'absent' }))
      .filter(({ state }) => state !== 'absent')
    const keys = present.map(({ source, provider, state }) => keyOf(source, provider, changes[state]))
    const resting = new Set(present.filter(({ state }) => state === 'resting').map(({ source }) => source as Source))
    const uses = new Map(
      present
        .filter(({ state }) => state === 'over limit')
        .map(({ source, provider }) => [`${source} ${provider}`, { today: 5, thisMonth: 5 }]),
    )
    const outcomes = settings.map(({ change }) => {
      const facts = factsOf(keys, change)
      const resolution = decide(facts, ask('gpt-4o-mini'), {
        ...around,
        uses,
        restsUntil: ({ source }) => (resting.has(source) ? now + 1 : undefined),
      })
      const letters = resolution.decisions.map(
        ({ key }) => ({ 'user-gateway': 'G', 'user-key': 'K', 'server-key': 's', 'team-gateway': 't' })[key.source],
      )
      return letters.length > 0 ? letters.join(' ') : refusalOf(facts, resolution.passedOver, { now }).code.replace('resolver.', '! ')
    })
    return [...combination, '│', ...outcomes]
  })
  return table([[...levels.map(({ source }) => source), '│', ...settings.map(({ name }) => name)], ...rows])
}

const hints = [
  '',
  'gpt-4o-mini',
  'o3',
  'openai/gpt-4o-mini',
  'openai/gpt-4o-mini:free',
  'ft:gpt-4o-mini:acme::1',
  'claude-sonnet-4-5',
  'claude-3-5-haiku-latest',
  'claude-sonnet-4-5-20250929',
  'anthropic/claude-sonnet-4.5',
  'anthropic/claude-haiku-4-5',
  'anthropic/claude-sonnet-4',
  'gemini-2.5-flash',
  'gemini/gemini-2.5-flash',
  'grok-4-fast',
  'x-ai/grok-4-fast',
  'xai/grok-4-fast',
  'openrouter/auto',
  'vercel/v0-1.5-md',
  'meta-llama/llama-3.3-70b',
  'local/qwen3',
  'llama-of-ours',
  'mock-1',
  'something-new',
]

function everyHint(): string {
  const rows = hints.map((hint) => [
    hint === '' ? '(none)' : hint,
    '│',
    ...providers.all.map((provider) => nameAt(provider, readHint(hint, providers), catalogue) ?? '-'),
  ])
  return table([['hint', '│', ...providers.all.map(({ id }) => id)], ...rows])
}

function everyProtocol(): string {
  const rows = protocols.map((protocol) => [protocol, '│', ...providers.all.map(({ paths }) => paths?.[protocol] ?? '-')])
  return table([['call', '│', ...providers.all.map(({ id }) => id)], ...rows])
}

describe('what was made with a key', () => {
  const own = keyOf('user-key', 'openai')
  const another = { ...keyOf('user-key', 'openai'), id: 'another' }
  const server = serverKey('openai')
  const router = keyOf('user-key', 'openrouter')
  const facts = factsOf([own, another, router, server])
  const free = { isModelFree: true, provider: 'openai' } as const
  const keysOf = (given: Facts, change: Partial<Asked>) => decide(given, ask(undefined, change), around).decisions.map(({ key }) => key)

  it('is had with that key alone, or with the one that its person put in its place, and never with one of somebody else', () => {
    expect(keysOf(facts, { ...free, madeWith: { source: 'user-key', keyId: another.id } })).toEqual([another])
    expect(keysOf(facts, { ...free, madeWith: { source: 'server-key' } })).toEqual([server])
    expect(keysOf(facts, { ...free, madeWith: { source: 'user-key', keyId: 'gone' } })).toEqual([own, another])
    expect(keysOf(factsOf([server, router]), { ...free, madeWith: { source: 'user-key', keyId: 'gone' } })).toEqual([])
    expect(keysOf(factsOf([own]), { ...free, madeWith: { source: 'server-key' } })).toEqual([])
  })

  it('is had with it though a token is bound to models; anything else without a model is not', () => {
    const bound = { ...free, allowedModels: ['gpt-5'] }
    expect(keysOf(facts, { ...bound, madeWith: { source: 'server-key' } })).toEqual([server])
    const { decisions, passedOver } = decide(facts, ask(undefined, bound), around)
    expect(decisions).toEqual([])
    expect(passedOver.map(({ because }) => because)).toContain('model_not_allowed')
  })

  it('and what needs a key of one’s own passes the operator’s over, says so, and calls a model by no name', () => {
    const needing = { ...free, needsOwnKey: true }
    expect(decide(facts, ask(undefined, needing), around).decisions.map(({ key, modelId }) => [key, modelId])).toEqual([
      [own, ''],
      [another, ''],
    ])
    const { passedOver } = decide(factsOf([server]), ask(undefined, needing), around)
    expect(passedOver).toEqual([{ key: server, because: 'own_key_needed' }])
    expect(refusalOf(facts, passedOver, { now }).code).toBe('resolver.own_key_needed')
  })
})

describe('the decision', () => {
  it('is the one of the table, for every state of every key, every setting, every hint and every kind of call', async () => {
    const parts = [
      [
        'Which keys serve gpt-4o-mini: G the person’s gateway, K their key, s the server’s key, t the team’s gateway; ! none, and why',
        everyState(),
      ],
      ['What a model is called with each provider; - where it does not have it', everyHint()],
      ['Where each kind of call goes with each provider, beneath its base URL; - where it does not offer it', everyProtocol()],
    ]
    const text = parts.map(([head, body]) => `${head}\n\n${body}\n`).join('\n\n')
    await expect(text).toMatchFileSnapshot(join(import.meta.dirname, 'truth-table.txt'))
  })

  it('takes a person’s keys as openai, openrouter, anthropic, xai and then the rest, and those of one provider as they stand', () => {
    const named = (name: string) => keyOf('user-key', 'xai', { id: name })
    const keys = ['local', 'anthropic', 'openai', 'google', 'openrouter'].map((id) => keyOf('user-key', id))
    const facts = factsOf([named('second'), ...keys, named('first'), keyOf('user-gateway', 'gateway')])
    expect(decide(facts, ask('something-new'), around).decisions.map(({ key }) => key.id)).toEqual([
      'user-gateway gateway',
      'user-key openai',
      'user-key openrouter',
      'user-key anthropic',
      'second',
      'first',
      'user-key local',
      'user-key google',
    ])
  })

  it('follows the order of the operator, and never tries a source that it leaves out', () => {
    const facts = factsOf([keyOf('user-key', 'openai'), serverKey('openai'), keyOf('team-gateway', 'gateway')])
    expect(chosen(decide(facts, ask('gpt-4o-mini'), { ...around, order: ['team-gateway', 'user-key'] }))).toEqual([
      ['team-gateway', 'gateway', 'openai/gpt-4o-mini'],
      ['user-key', 'openai', 'gpt-4o-mini'],
    ])
  })

  it('says where a model goes under another name', () => {
    const facts = factsOf([keyOf('user-key', 'openai'), keyOf('user-key', 'openrouter')])
    expect(decide(facts, ask(' gpt-4o-mini '), around).decisions.map(({ modelReplaced }) => modelReplaced)).toEqual([false, true])
  })

  it('counts uses against the limits of the day and of the month', () => {
    const facts = factsOf([keyOf('user-key', 'openai', limited)])
    const because = (today: number, thisMonth: number) =>
      decide(facts, ask('o3'), { ...around, uses: new Map([['user-key openai', { today, thisMonth }]]) }).passedOver[0]?.because
    expect([because(4, 99), because(5, 5), because(0, 100), because(5, 100)]).toEqual([
      undefined,
      'daily_limit',
      'monthly_limit',
      'daily_limit',
    ])
  })

  it('tries a key again when its rest is over', () => {
    const facts = factsOf([keyOf('user-key', 'openai')])
    const at = (moment: number) => decide(facts, ask('o3', { now: moment }), { ...around, restsUntil: () => now }).decisions.length
    expect([at(now - 1), at(now)]).toEqual([0, 1])
  })

  it('gives a token none but its models, by whichever name', () => {
    const facts = factsOf([keyOf('user-key', 'openai'), keyOf('user-key', 'openrouter'), keyOf('user-key', 'anthropic')])
    const called = (modelHint: string, allowedModels: string[]) =>
      chosen(decide(facts, ask(modelHint, { allowedModels }), around)).map(([, , name]) => name)
    expect(called('gpt-4o-mini', ['gpt-4o-mini'])).toEqual(['gpt-4o-mini', 'openai/gpt-4o-mini'])
    expect(called('gpt-4o-mini', ['openai/gpt-4o-mini'])).toEqual(['gpt-4o-mini', 'openai/gpt-4o-mini'])
    expect(called('claude-haiku-4-5', ['claude-haiku-4-5'])).toEqual(['anthropic/claude-haiku-4.5', 'claude-haiku-4-5'])
    expect(called('gpt-4o', ['gpt-4o-mini'])).toEqual([])
    expect(called('evil/gpt-4o-mini', ['gpt-4o-mini'])).toEqual([])
    expect(called('openai/gpt-4o-mini:free', ['gpt-4o-mini'])).toEqual([])
    expect(called('', ['gpt-5-mini'])).toEqual(['gpt-5-mini'])
    const alsoOthers = decide(facts, ask('gpt-4o-mini', { allowedModels: ['gpt-4o-mini'], namesOtherModels: true }), around)
    expect(alsoOthers.decisions).toEqual([])
    expect(decide(facts, ask('gpt-4o-mini', { namesOtherModels: true }), around).decisions).toHaveLength(2)
  })
})

describe('whatever the facts', { timeout: 60_000 }, () => {
  let seed = 7
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff
    return (seed >> 8) % below
  }
  const pick = <T>(from: readonly T[]): T => from[random(from.length)] as T
  const maybe = () => random(2) === 0
  function randomKey(index: number): Key {
    const source = pick(sources)
    const change = {
      isEnabled: random(4) > 0,
      isValid: random(4) > 0,
      ...(random(4) === 0 ? limited : {}),
      ...(random(4) === 0 ? { nowhere: pick(['host_changed', 'host_refused', 'stored_only', 'unknown_provider'] as const) } : {}),
    }
    return keyOf(source, source.endsWith('gateway') ? 'gateway' : pick(providers.all).id, {
      ...change,
      ...(isOfPerson(source) ? { id: `${index}` } : {}),
    })
  }
  const shuffled = <T>(from: readonly T[]) =>
    from
      .map((one) => [random(1_000), one] as const)
      .sort(([a], [b]) => a - b)
      .map(([, one]) => one)
  function situation() {
    const facts = factsOf(
      Array.from({ length: random(9) }, (_, index) => randomKey(index)),
      { allowsTeamGateway: maybe(), ownKeysOnly: maybe() },
    )
    const asked = ask(pick(hints), {
      ...(maybe() ? { protocol: pick(protocols) } : {}),
      ...(random(4) === 0 ? { allowedModels: [pick(hints)] } : {}),
    })
    const uses = new Map(facts.keys.filter(maybe).map(({ id = '' }) => [id, { today: random(9), thisMonth: random(200) }]))
    const resting = new Set(facts.keys.filter(() => random(5) === 0))
    const order = shuffled(sources).slice(0, 1 + random(4))
    return { facts, asked, around: { ...around, order, uses, restsUntil: (key: Key) => (resting.has(key) ? now + 1 : undefined) } }
  }
  const rounds = process.env.KEYLOFT_TEST_LONG === '1' ? 200_000 : 4_000
  const always = (holds: (it: ReturnType<typeof situation>, resolution: Resolution) => void) => {
    for (let round = 0; round < rounds; round++) {
      const it = situation()
      holds(it, decide(it.facts, it.asked, it.around))
    }
  }

  it('no key but the person’s own serves one who wants only those', () => {
    always(({ facts }, { decisions }) => {
      if (facts.ownKeysOnly) expect(decisions.filter(({ key }) => !isOfPerson(key.source))).toEqual([])
    })
  })

  it('the team’s gateway serves nobody who does not allow it', () => {
    always(({ facts }, { decisions }) => {
      if (!facts.allowsTeamGateway) expect(decisions.filter(({ key }) => key.source === 'team-gateway')).toEqual([])
    })
  })

  it('each key is chosen or passed over once, and what is chosen has nothing against it', () => {
    always(({ facts, asked, around: { order } }, { decisions, passedOver }) => {
      const seen = [...decisions, ...passedOver].map(({ key }) => key)
      expect(new Set(seen).size).toBe(seen.length)
      expect(new Set(seen)).toEqual(new Set(facts.keys.filter(({ source }) => order.includes(source))))
      for (const { because } of passedOver) expect(hindrances).toContain(because)
      for (const { key, modelId } of decisions) {
        expect({ isEnabled: key.isEnabled, isValid: key.isValid, nowhere: key.nowhere }).toEqual({
          isEnabled: true,
          isValid: true,
          nowhere: undefined,
        })
        expect(modelId).not.toBe('')
        if (asked.protocol) expect(key.provider.paths?.[asked.protocol]).toBeDefined()
      }
    })
  })

  it('it stands in the order of the operator, and comes out the same again', () => {
    always(({ facts, asked, around: surroundings }, resolution) => {
      const ranks = resolution.decisions.map(({ key }) => surroundings.order.indexOf(key.source))
      expect(ranks).toEqual(ranks.toSorted((a, b) => a - b))
      expect(decide(facts, asked, surroundings)).toEqual(resolution)
    })
  })

  it('a disabled key more changes nothing of what is chosen', () => {
    always(({ facts, asked, around: surroundings }, { decisions }) => {
      const more = keyOf('user-key', pick(providers.all).id, { id: 'one more', isEnabled: false })
      const keys = [...facts.keys]
      keys.splice(random(keys.length + 1), 0, more)
      expect(decide({ ...facts, keys }, asked, surroundings).decisions).toEqual(decisions)
    })
  })

  it('a key more takes no other away, and turns no two around', () => {
    always(({ facts, asked, around: surroundings }, { decisions }) => {
      const more = keyOf('user-key', pick(providers.all).id, { id: 'one more' })
      const widened = decide({ ...facts, keys: [...facts.keys, more] }, asked, surroundings).decisions
      expect(widened.filter(({ key }) => key !== more)).toEqual(decisions)
    })
  })

  it('to be strict, or to withdraw consent, only takes away', () => {
    always(({ facts, asked, around: surroundings }, { decisions }) => {
      for (const change of [{ ownKeysOnly: true }, { allowsTeamGateway: false }]) {
        const narrowed = decide({ ...facts, ...change }, asked, surroundings).decisions
        expect(decisions).toEqual(expect.arrayContaining([...narrowed]))
      }
    })
  })
})
