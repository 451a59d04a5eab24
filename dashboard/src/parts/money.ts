/*
 * Amounts come as decimal strings and stay strings: no digit is ever computed by floating point. What is shown is either
 * the whole amount, or begins with a sign that says it is not (≈, <).
 */

const mostDigits = 6

/** As short as it can be said without a lie: `$0.000123`, `$12.50`, `≈$0.123457`, `<$0.000001`. */
export function formatUsd(amount: string): string {
  const { sign, whole, fraction } = read(amount)
  if (fraction.length <= mostDigits) return `${sign}$${group(whole)}.${fraction.padEnd(2, '0')}`
  const rounded = round(whole, fraction)
  if (BigInt(rounded) === 0n) return `${sign === '-' ? '>-' : '<'}$0.${'1'.padStart(mostDigits, '0')}`
  const digits = rounded.padStart(mostDigits + 1, '0')
  return `≈${sign}$${group(digits.slice(0, -mostDigits))}.${trim(digits.slice(-mostDigits)).padEnd(2, '0')}`
}

/** Every digit. */
export function formatExactUsd(amount: string): string {
  const { sign, whole, fraction } = read(amount)
  return `${sign}$${group(whole)}.${fraction.padEnd(2, '0')} USD`
}

/** For the height of a bar, which shows no digits. */
export const heightOf = (amount: string): number => Number(amount)

export function isZero(amount: string): boolean {
  return /^-?0*\.?0*$/.test(amount)
}

/** How much of a limit is used, in thousandths, never rounded up to all of it nor down to nothing. */
export function shareOf(used: string, limit: string): number {
  const places = Math.max(read(used).fraction.length, read(limit).fraction.length)
  const [part, all] = [scale(used, places), scale(limit, places)]
  if (all <= 0n) return 1_000
  if (part >= all) return 1_000
  const share = Number((part * 1_000n) / all)
  return part > 0n ? Math.max(1, share) : 0
}

const scale = (amount: string, places: number): bigint => {
  const { sign, whole, fraction } = read(amount)
  return BigInt(`${sign}${whole}${fraction.padEnd(places, '0')}`)
}

function read(amount: string): { sign: '' | '-'; whole: string; fraction: string } {
  const [, sign = '', whole = '0', fraction = ''] = /^(-?)0*(\d+)(?:\.(\d+))?$/.exec(amount) ?? []
  if (!/^-?\d+(\.\d+)?$/.test(amount)) throw new TypeError(`not an amount: ${amount}`)
  return { sign: sign === '-' ? '-' : '', whole, fraction: trim(fraction) }
}

const trim = (digits: string) => digits.replace(/0+$/, '')
const group = (whole: string) => whole.replace(/\B(?=(\d{3})+$)/g, ',')

/** Half up, at the last digit that is shown; in units of that digit. */
function round(whole: string, fraction: string): string {
  const kept = BigInt(whole + fraction.slice(0, mostDigits))
  return String(Number(fraction[mostDigits]) >= 5 ? kept + 1n : kept)
}
