import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { anonymous } from '../base/principal.ts'
import { postNoted } from '../domains/ledger/jobs.ts'
import { providerName } from '../domains/providers/providers.ts'
import { type Difference, isDay, type Prices, readInvoice, reconcile, rerate } from '../domains/usage/usage.ts'
import { SetupError } from '../platform/database/setup-error.ts'
import type { Output } from './output.ts'
import { withDatabase } from './with-database.ts'

interface RerateOptions {
  from: string
  to: string
  provider?: string
  model?: string
  pricesOf?: string
  asBooked?: boolean
  dryRun?: boolean
}

export async function rerateCalls(output: Output, options: RerateOptions): Promise<void> {
  const { model, pricesOf, asBooked = false, dryRun = false } = options
  const provider = options.provider === undefined ? undefined : readProvider(options.provider)
  const [from, to] = [readDay('--from', options.from), readDay('--to', options.to)]
  if (from >= to) throw new SetupError('--to must be later than --from; its own day is not in it.')
  if (asBooked && pricesOf !== undefined) throw new SetupError('--as-booked and --prices-of exclude each other.')
  const prices: Prices = asBooked ? 'as booked' : pricesOf === undefined ? 'in force' : { of: readDay('--prices-of', pricesOf) }
  await withDatabase('ledger rerate', async ({ database }) => {
    await postNoted(database)
    const asked = { principal: anonymous, requestId: randomUUID(), byOperator: true } as const
    const result = await rerate(
      database,
      { from, to, provider, model, prices, dryRun },
      {
        asked,
        onDay: ({ day, calls, changed, differenceUsd }, place, of) =>
          output.progress(`  ${day}  ${calls} calls, ${changed} at another price, ${signed(differenceUsd)} USD  (${place} of ${of} days)`),
      },
    )
    output.result({ ...result, dryRun }, [
      `${result.calls} calls, ${result.changed} of them at another price than they were booked at: ${signed(result.differenceUsd)} USD.`,
      ...(result.gone > 0 ? [`${result.gone} calls are not kept any more, and stay as they are.`] : []),
      inTheEnd(dryRun, result),
    ])
  })
}

function inTheEnd(dryRun: boolean, { id, writtenDays }: { id: string; writtenDays: number }): string {
  if (dryRun) return 'Nothing was written.'
  return writtenDays === 0 ? 'There was nothing to write.' : `Written as ${id}; records are as they were.`
}

interface ReconcileOptions {
  provider: string
  file: string
  source: string
  tolerance: string
}

export async function reconcileInvoice(output: Output, { provider: named, file, source, tolerance }: ReconcileOptions): Promise<void> {
  const provider = readProvider(named)
  if (!/^\d{1,9}(\.\d{1,18})?$/.test(tolerance)) throw new SetupError('--tolerance must be an amount in USD, such as 0.01.')
  const read = readInvoice(readText(file))
  if ('faults' in read) throw new SetupError(`${file} cannot be compared:\n${read.faults.map((fault) => `  ${fault}`).join('\n')}`)
  await withDatabase('ledger reconcile', async ({ database }) => {
    await postNoted(database)
    const result = await reconcile(database, { provider, source, lines: read.lines, toleranceUsd: tolerance })
    const { days, oursUsd, theirsUsd, differenceUsd, compared, differences } = result
    output.result(result, [
      ...differences.map(inWords),
      `${days.from} to ${days.to}: ${oursUsd} USD here, ${theirsUsd} USD there, ${signed(differenceUsd)} USD.`,
      differences.length === 0
        ? `All ${compared} days of models agree within ${tolerance} USD.`
        : `${differences.length} of ${compared} days of models differ.`,
    ])
    if (differences.length > 0) process.exitCode = 1
  })
}

function inWords({ date, model, oursUsd, theirsUsd, differenceUsd, unpriced, ...counts }: Difference): string {
  const where = `${date}  ${model}  `
  if (oursUsd === null) return `${where}not here, ${theirsUsd} USD there`
  if (theirsUsd === null) return `${where}${oursUsd} USD here, not there`
  const others = Object.entries({ requests: counts.requests, 'input tokens': counts.inputTokens, 'output tokens': counts.outputTokens })
    .filter(([, pair]) => pair !== null)
    .map(([name, pair]) => `, ${name} ${pair?.[0]} here and ${pair?.[1]} there`)
  const hint = unpriced > 0 ? `, ${unpriced} here without a price` : ''
  return `${where}${oursUsd} USD here, ${theirsUsd} USD there, ${signed(differenceUsd)}${others.join('')}${hint}`
}

const signed = (decimal: string) => (decimal.startsWith('-') || decimal === '0' ? decimal : `+${decimal}`)

function readProvider(name: string): string {
  const read = providerName.safeParse(name)
  if (!read.success) throw new SetupError('--provider must be a provider id, such as openai.')
  return read.data
}

function readDay(name: string, text: string): Date {
  if (!isDay(text)) throw new SetupError(`${name} must be a day, such as 2026-11-01.`)
  return new Date(text)
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new SetupError(`${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown'}.`, undefined, error)
  }
}
