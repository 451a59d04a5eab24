import { isObject, partsOf } from './counts.ts'
import { addDecimals, decimalText } from './decimal-text.ts'

/*
 * What a provider says that a call costs, in USD. OpenRouter and Vercel's gateway say `cost`. With a key of the person's
 * own at the provider behind them (`is_byok`) that is only their fee, often 0: what the provider behind charges stands in
 * `cost_details.upstream_inference_cost`, and where it does not, nobody tells what the call costs. xAI says
 * `cost_in_usd_ticks`, of which a dollar has 10^10.
 */
const placesOfTicks = 10

/** @param words the provider's usage as JSON text */
export function readToldCost(words: string): string | undefined {
  if (!words.includes('"cost')) return undefined
  const told = parseWithLiterals(words)
  if (!isObject(told)) return undefined
  const cost = amount(told.cost)
  if (told.is_byok === true) {
    const upstream = amount(partsOf(told.cost_details).upstream_inference_cost)
    return upstream === undefined ? undefined : addDecimals(cost ?? '0', upstream)
  }
  return cost ?? amount(told.cost_in_usd_ticks, -placesOfTicks)
}

/** A number as it was written. */
class Literal {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

const amount = (given: unknown, by = 0) => (given instanceof Literal ? decimalText(given.text, by) : undefined)

type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown
const parse = JSON.parse as (text: string, reviver: Reviver) => unknown

function parseWithLiterals(text: string): unknown {
  try {
    return parse(text, (_, value, { source }) => (typeof value === 'number' ? new Literal(source ?? '') : value))
  } catch {
    return undefined
  }
}
