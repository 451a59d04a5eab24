import { describe, expect, it } from 'vitest'
import { KeptObjects } from './kept-objects.ts'

describe('the ids of what a provider keeps', () => {
  it('are few, however many an answer names', () => {
    const kept = new KeptObjects(['id'], { event: () => {} })
    for (let index = 0; index < 1_000; index++) kept.event(undefined, JSON.stringify({ response: { id: `resp_${index}` } }))
    kept.body('{"id":"resp_of_the_body"}')
    expect([...kept.ids]).toEqual(Array.from({ length: 8 }, (_, index) => `resp_${index}`))
  })
})
