/*
 * Amounts as decimal text, so that no digit of them goes through a float.
 */

const form = /^(\d{1,30})(?:\.(\d{1,100}))?(?:[eE]([+-]?\d{1,2}))?$/

/** @returns the number as plain decimal text, moved by so many places, or nothing where it is none, or below zero */
export function decimalText(literal: string, by = 0): string | undefined {
  const [matched, whole = '', places = '', exponent = '0'] = form.exec(literal) ?? []
  return matched === undefined ? undefined : shift(whole, places, Number(exponent) + by)
}

export function addDecimals(a: string, b: string): string {
  const places = Math.max(placesOf(a), placesOf(b))
  const sum = (toUnits(a, places) + toUnits(b, places)).toString().padStart(places + 1, '0')
  return shift(sum.slice(0, sum.length - places), sum.slice(sum.length - places), 0)
}

/** @param times a whole number */
export function multiplyDecimal(text: string, times: number): string {
  const places = placesOf(text)
  const product = (toUnits(text, places) * BigInt(times)).toString().padStart(places + 1, '0')
  return shift(product.slice(0, product.length - places), product.slice(product.length - places), 0)
}

const placesOf = (text: string) => text.split('.')[1]?.length ?? 0
const toUnits = (text: string, places: number) => BigInt(text.replace('.', '') + '0'.repeat(places - placesOf(text)))

function shift(whole: string, places: string, by: number): string {
  const digits = `${'0'.repeat(Math.max(0, -by))}${whole}${places}${'0'.repeat(Math.max(0, by - places.length))}`
  const point = digits.length - Math.max(0, places.length - by)
  const text = `${digits.slice(0, point).replace(/^0+(?=\d)/, '') || '0'}.${digits.slice(point)}`
  return text.replace(/\.?0*$/, '')
}
