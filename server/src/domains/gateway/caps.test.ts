import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { createTestGateway, postTo, resolveLater } from '../../../test/gateway.ts'
import { jsonAnswer, startRaw } from '../../../test/raw-provider.ts'
import { ledgerErrors } from '../ledger/errors.ts'
import { refusalOf } from '../ledger/refusal.ts'

const good = jsonAnswer(200, { id: 'good', choices: [], usage: { prompt_tokens: 1, completion_tokens: 1 } })
const body = { model: 'mock-1', messages: [{ role: 'user', content: 'hello' }] }
const over = (setBy: string) =>
  refusalOf(
    `over 5f0c5a52-2f3c-4f39-8d2b-0e6f8f0b8f11 daily ${setBy} all cost 5 0.25 1.5 ${Date.parse('2030-01-01T00:00:00Z') / 1_000}`,
    Date.parse('2029-12-31T23:00:00Z'),
  )

async function setUp(options: Parameters<typeof createTestGateway>[0] = {}) {
  const { resolve, candidates } = resolveLater()
  const provider = await startRaw((socket) => socket.write(good))
  return { ...(await createTestGateway({ resolve, limits: { backoffMs: 10 }, ...options })), candidates, provider }
}

describe('a call for which a hard limit may hold', () => {
  it('is made only when its intent is committed', async () => {
    const { post, at, candidates, ledger, provider } = await setUp()
    candidates.push(at(provider.url, { isCapped: true }))
    const opening = Promise.withResolvers<void>()
    ledger.beforeOpen = () => opening.promise
    const reply = post(body)
    await sleep(50)
    expect(provider.seen).toHaveLength(0)
    opening.resolve()
    expect((await reply).status).toBe(200)
    expect(ledger.settled).toHaveLength(1)
  })

  it.each([
    ['at once', () => true],
    ['after a moment', async () => true],
  ])(
    'is made before its intent is committed where it has a place in advance %s, and no byte of it leaves before',
    async (_, beforeMade) => {
      const { post, at, candidates, ledger, provider } = await setUp()
      candidates.push(at(provider.url, { isCapped: true }))
      const settling = Promise.withResolvers<void>()
      Object.assign(ledger, { beforeMade, beforeOpen: () => settling.promise, beforeSettle: () => settling.promise })
      let hasAnswered = false
      const reply = post(body).then((answer) => {
        hasAnswered = true
        return answer
      })
      await vi.waitFor(() => expect(provider.seen).toHaveLength(1))
      await sleep(50)
      expect(hasAnswered).toBe(false)
      settling.resolve()
      expect((await reply).status).toBe(200)
      expect(ledger.settled).toHaveLength(1)
    },
  )

  it('counts as one of which nobody knows what it used, where it was made and its intent is refused', async () => {
    const { post, at, candidates, ledger } = await setUp()
    const provider = await startRaw(() => {}) // never answers
    candidates.push(at(provider.url, { isCapped: true }))
    ledger.beforeMade = () => true
    ledger.beforeOpen = async () => {
      await vi.waitFor(() => expect(provider.seen).toHaveLength(1), { timeout: 5_000 })
      throw ledgerErrors.unavailable()
    }
    expect((await post(body)).status).toBe(503)
    expect(ledger.settled[0]).toMatchObject({ outcome: { outcome: 'failed', usageBasis: 'unknown' } })
  })

  it('is not made while nobody can tell whether it has a place', async () => {
    const { post, at, candidates, ledger, provider, problems } = await setUp()
    candidates.push(at(provider.url, { isCapped: true }))
    ledger.beforeMade = () => Promise.reject(ledgerErrors.unavailable())
    const reply = await post(body)
    expect([reply.status, JSON.parse(reply.body.toString()).error.code]).toEqual([503, 'gateway.ledger_away'])
    expect([provider.seen, ledger.opened, ledger.settled, problems]).toEqual([[], [], [], ['nothing was reserved']])
  })

  it('gives its place back to the books where its client has left by the time it has one', async () => {
    const { url, at, candidates, ledger, provider } = await setUp()
    candidates.push(at(provider.url, { isCapped: true }))
    const place = Promise.withResolvers<boolean>()
    ledger.beforeMade = () => place.promise
    const leaving = new AbortController()
    const left = fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: leaving.signal,
    }).catch((error) => error.name)
    await sleep(50)
    leaving.abort()
    expect(await left).toBe('AbortError')
    await sleep(300) // until we know
    place.resolve(true)
    await vi.waitFor(() => expect(ledger.settled).toMatchObject([{ outcome: { outcome: 'aborted', usageBasis: 'none' } }]))
    expect(provider.seen).toHaveLength(0)
  })

  it('is not made where the limit refuses it, and its client is told by which, in its own dialect', async () => {
    const { url, at, candidates, ledger, provider } = await setUp()
    candidates.push(at(provider.url, { isCapped: true }))
    ledger.beforeOpen = () => Promise.reject(over('operator'))
    const quota = {
      type: 'daily',
      setBy: 'operator',
      spend: 'all',
      limits: 'cost',
      limit: '5',
      remaining: '0.25',
      asked: '1.5',
      resetsAt: '2030-01-01T00:00:00.000Z',
    }
    const openAi = await postTo(`${url}/v1/chat/completions`, body, {})
    expect(openAi).toMatchObject({
      status: 429,
      headers: {
        'retry-after': '3600',
        'ratelimit-limit': '5',
        'ratelimit-remaining': '0.25',
        'ratelimit-reset': '3600',
        'x-should-retry': 'false',
      },
    })
    expect(JSON.parse(openAi.body.toString()).error).toMatchObject({ type: 'rate_limit_error', code: 'ledger.quota_exceeded', quota })
    const anthropic = await postTo(`${url}/v1/messages`, { ...body, max_tokens: 5 }, {})
    expect(JSON.parse(anthropic.body.toString())).toMatchObject({ type: 'error', error: { type: 'rate_limit_error', quota } })
    const google = await postTo(`${url}/v1beta/models/mock-1:generateContent`, { contents: [] }, {})
    expect(JSON.parse(google.body.toString()).error).toMatchObject({
      status: 'RESOURCE_EXHAUSTED',
      details: [
        {
          '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
          reason: 'ledger.quota_exceeded',
          metadata: {
            quotaType: 'daily',
            quotaSetBy: 'operator',
            quotaLimits: 'cost',
            quotaRemaining: '0.25',
            quotaResetsAt: quota.resetsAt,
          },
        },
        { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '3600s' },
      ],
    })
    expect(provider.seen).toHaveLength(0)
    expect(ledger.settled).toHaveLength(0) // it was never under way
  })

  it('is told by the service’s own limit that it is not theirs, and not how high it is', async () => {
    const { url, at, candidates, ledger, provider } = await setUp()
    candidates.push(at(provider.url, { isCapped: true }))
    ledger.beforeOpen = () => Promise.reject(over('platform'))
    const quota = { type: 'daily', setBy: 'platform', spend: 'all', limits: 'cost', resetsAt: '2030-01-01T00:00:00.000Z' }
    const openAi = await postTo(`${url}/v1/chat/completions`, body, {})
    const { error } = JSON.parse(openAi.body.toString())
    expect([openAi.status, openAi.headers['retry-after'], openAi.headers['ratelimit-limit']]).toEqual([429, '3600', undefined])
    expect(error).toMatchObject({ type: 'rate_limit_error', code: 'ledger.service_limit_reached' })
    expect(error.quota).toEqual(quota)
    const anthropic = JSON.parse((await postTo(`${url}/v1/messages`, { ...body, max_tokens: 5 }, {})).body.toString())
    expect(anthropic).toMatchObject({ type: 'error', error: { type: 'rate_limit_error' } })
    expect(anthropic.error.quota).toEqual(quota)
    const gemini = await postTo(`${url}/v1beta/models/mock-1:generateContent`, {}, {})
    expect([gemini.status, JSON.parse(gemini.body.toString()).error.status]).toEqual([429, 'RESOURCE_EXHAUSTED'])
    expect(provider.seen).toHaveLength(0)
  })

  it('goes to the next key where the limit is that of a key', async () => {
    const { post, at, candidates, ledger, provider } = await setUp()
    candidates.push(
      at(provider.url, { isCapped: true }),
      at(provider.url, { isCapped: true, keyId: '0190a1b2-0000-7000-8000-000000000002' }),
    )
    let refusals = 0
    ledger.beforeOpen = () => (refusals++ === 0 ? Promise.reject(over('key')) : Promise.resolve())
    const { status, headers } = await post(body)
    expect([status, headers['x-keyloft-credential']]).toEqual([200, expect.stringContaining('key=0190a1b2-0000-7000-8000-000000000002')])
    await vi.waitFor(() => expect(ledger.settled).toHaveLength(1))
    expect(JSON.parse(ledger.settled[0]?.call.decisions ?? '')).toMatchObject([{ verdict: 'ledger.quota_exceeded' }, { verdict: 'chosen' }])
  })

  it('is not made without its intent, even by an operator who serves what cannot be written down', async () => {
    const { post, at, candidates, ledger, provider } = await setUp({ servesUnaccounted: true })
    candidates.push(at(provider.url, { isCapped: true }))
    ledger.beforeOpen = () => Promise.reject(ledgerErrors.unavailable())
    expect((await post(body)).status).toBe(503)
    expect(provider.seen).toHaveLength(0)
    await vi.waitFor(() => expect(ledger.settled[0]?.outcome).toMatchObject({ usageBasis: 'none' }))
  })

  describe('says what it may use at most', () => {
    const boundsOf = async (path: string, request: object, change: object = {}) => {
      const { url, at, candidates, ledger, provider } = await setUp({
        bounds: [{ provider: 'openai', model: 'searching-*', tokens: 9_000, costUsd: '0.5' }],
      })
      candidates.push(at(provider.url, { isCapped: true, ...change }))
      await postTo(`${url}${path}`, request, {})
      const { mostInputTokens, mostOutputTokens, mostChoices, mostCostUsd } = ledger.opened[0] ?? {}
      return [mostInputTokens, mostOutputTokens, mostChoices, mostCostUsd]
    }
    const bytes = (request: object) => JSON.stringify(request).length
    const chat = '/v1/chat/completions'
    const gemini = '/v1beta/models/mock-1:generateContent'

    it.each<[string, string, object, (request: object) => unknown[]]>([
      [
        'a token for each byte and the answer it asks for',
        chat,
        { ...body, max_tokens: 100 },
        (it) => [bytes(it) + 200, 100, undefined, undefined],
      ],
      ['an answer for each choice', chat, { ...body, max_completion_tokens: 100, n: 3 }, (it) => [bytes(it) + 200, 100, 3, undefined]],
      ['no answer where none is limited: the catalogue says', chat, body, (it) => [bytes(it) + 200, undefined, undefined, undefined]],
      ['the whole context where images are in it', chat, { ...body, x: 'image_url' }, () => [1e12, undefined, undefined, undefined]],
      [
        'nothing where the provider searches by itself',
        chat,
        { ...body, web_search_options: {}, max_tokens: 1 },
        () => [undefined, undefined, undefined, undefined],
      ],
      ['no output of embeddings', '/v1/embeddings', { model: 'mock-1', input: 'x' }, (it) => [bytes(it) + 200, 0, undefined, undefined]],
      [
        'an answer for each prompt, as often as is asked for',
        '/v1/completions',
        { model: 'mock-1', prompt: ['a', 'b,c', ['d']], best_of: 2, n: 1, max_tokens: 10 },
        (it) => [bytes(it) + 200, 10, 6, undefined],
      ],
      [
        'one answer to a prompt of tokens',
        '/v1/completions',
        { model: 'mock-1', prompt: [1, 2, 3], max_tokens: 10 },
        (it) => [bytes(it) + 200, 10, undefined, undefined],
      ],
      [
        'Gemini’s answers, however it is spelt',
        gemini,
        { generationConfig: { maxOutputTokens: 1, max_output_tokens: 9, candidate_count: 8 }, generation_config: { maxOutputTokens: 7 } },
        (it) => [bytes(it) + 200, 9, 8, undefined],
      ],
      [
        'nothing where Gemini takes a number that is written as text',
        gemini,
        { generationConfig: { maxOutputTokens: 1, candidateCount: '8' } },
        () => [undefined, undefined, undefined, undefined],
      ],
      [
        'nothing of a call that is dearer than its model’s price',
        '/v1/messages',
        { ...body, max_tokens: 5, speed: 'fast' },
        () => [undefined, undefined, undefined, undefined],
      ],
      ['nothing of what costs nothing', '/v1/messages/count_tokens', body, () => [0, 0, undefined, '0']],
    ])('%s', async (_, path, request, expected) => {
      expect(await boundsOf(path, request)).toEqual(expected(request))
    })

    it('nothing of an image, or of work that goes on unseen', async () => {
      expect(await boundsOf('/v1/images/generations', { model: 'mock-1', prompt: 'x' })).toEqual([
        undefined,
        undefined,
        undefined,
        undefined,
      ])
      expect(await boundsOf('/v1/responses', { model: 'mock-1', input: 'x', background: true })).toEqual([
        undefined,
        undefined,
        undefined,
        undefined,
      ])
    })

    it('nothing where names are written so that they are not found', async () => {
      const { url, at, candidates, ledger, provider } = await setUp()
      candidates.push(at(provider.url, { isCapped: true }))
      const hidden = '{"model":"mock-1","messages":[],"max_tokens":1,"web_search_\\u006fptions":{}}'
      await fetch(`${url}${chat}`, { method: 'POST', body: hidden, headers: { 'content-type': 'application/json' } })
      expect(ledger.opened[0]?.mostInputTokens).toBeUndefined()
    })

    it('what the operator says of a route', async () => {
      const searching = { modelId: 'searching-1' }
      const nothing = [undefined, undefined, undefined, undefined]
      expect(await boundsOf(chat, body, searching)).toEqual([9_000, 0, undefined, '0.5'])
      expect(await boundsOf(chat, { ...body, n: 3 }, searching)).toEqual([27_000, 0, undefined, '1.5'])
      expect(await boundsOf('/v1/images/generations', { prompt: 'x', n: 4 }, searching)).toEqual([36_000, 0, undefined, '2'])
      expect(await boundsOf(chat, { ...body, n: '3', web_search_options: {} }, searching)).toEqual(nothing)
      expect(await boundsOf(chat, { ...body, models: ['dear'], web_search_options: {} }, searching)).toEqual(nothing)
    })

    it('and where no limit holds, nothing', async () => {
      expect(await boundsOf(chat, body, { isCapped: false })).toEqual([undefined, undefined, undefined, undefined])
    })
  })
})
