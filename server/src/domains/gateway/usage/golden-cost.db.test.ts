import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { bodyOf, goldenUsage, outcomeOf, streamOf, titleOf } from '../../../../test/golden-usage.ts'
import { createTestDatabase } from '../../../../test/harness.ts'
import { makeCall, settleCalls } from '../../../../test/ledger.ts'
import { sanitise } from '../../ledger/call.ts'
import { importModels, loadShippedModels, readModelFile } from '../../models/models.ts'
import { EventStream } from '../event-stream.ts'
import { createUsageReader } from './usage-readers.ts'

describe('the golden usage in the books', async () => {
  const { database, owner } = await createTestDatabase()

  it('costs what was worked out by hand, to the last digit', async () => {
    await loadShippedModels(database)
    const stated = goldenUsage.filter(({ prices }) => prices !== undefined)
    const models = new Map(stated.map(({ provider, model, prices }) => [`${provider} ${model}`, { provider, model, name: model, prices }]))
    const read = readModelFile(JSON.stringify({ date: '2025-11-01', models: [...models.values()] }))
    if ('faults' in read) throw new Error(read.faults.join())
    await importModels(database, read.file)

    const ended = goldenUsage.map((shape) => {
      const { operation, provider, model } = shape
      const reader = createUsageReader(operation, provider)
      const bytes = streamOf(shape)
      if (bytes) new EventStream({ reader, takesOutUsage: false }).push(bytes)
      else reader.body(bodyOf(shape) ?? '')
      return { call: makeCall({ operation, provider, model }), outcome: sanitise(outcomeOf(reader.result())) }
    })
    const { verdicts } = await database.systemOnce('settle', settleCalls(ended))
    expect(new Set((verdicts as string).split(','))).toEqual(new Set(['settled']))

    const { rows } = await sql<{ id: string; cost: string | null; told: string | null }>`
      select id, cost_usd as cost, provider_cost_usd as told from usage_records`.execute(owner.db)
    const books = new Map(rows.map((row) => [row.id, row]))
    const booked = goldenUsage.map((shape, index) => {
      const row = books.get(ended[index]?.call.id ?? '')
      return { shape: titleOf(shape), cost: row?.cost, told: row?.told }
    })
    expect(booked).toEqual(
      goldenUsage.map((shape) => ({
        shape: titleOf(shape),
        cost: shape.expected.costUsd,
        told: shape.expected.providerCostUsd ?? null,
      })),
    )
  })
})
