/** A part of what a provider says of the usage: JSON of whatever shape. */
export type Counts = Readonly<Record<string, unknown>>

export const isObject = (given: unknown): given is Counts => typeof given === 'object' && given !== null && !Array.isArray(given)

export const partsOf = (given: unknown): Counts => (isObject(given) ? given : {})

/** What is no number stays one that the ledger refuses, so that a provider that lies is not taken for a modest one. */
export const count = (given: unknown): number =>
  given === undefined || given === null ? 0 : typeof given === 'number' ? given : Number.NaN

export function parseObject(text: string): Counts | undefined {
  try {
    const given: unknown = JSON.parse(text)
    return isObject(given) ? given : undefined
  } catch {
    return undefined
  }
}
