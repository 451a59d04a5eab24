import { describe, expect, it } from 'vitest'
import { formatExactUsd, formatUsd, isZero, shareOf } from './money.ts'

describe('an amount', () => {
  it.each([
    ['0', '$0.00'],
    ['0.000', '$0.00'],
    ['12.5', '$12.50'],
    ['1234567.1', '$1,234,567.10'],
    ['0.000123', '$0.000123'],
    ['0.123456', '$0.123456'],
    ['0.1234565', '≈$0.123457'],
    ['0.9999999', '≈$1.00'],
    ['0.0000004', '<$0.000001'],
    ['-0.0000004', '>-$0.000001'],
    ['-3.25', '-$3.25'],
    ['9007199254740993.01', '$9,007,199,254,740,993.01'],
  ])('of %s is shown as %s: whole, or marked as not', (amount, shown) => expect(formatUsd(amount)).toBe(shown))

  it('is exact to the last digit where that is asked for', () => {
    expect(formatExactUsd('0.000000123456789012')).toBe('$0.000000123456789012 USD')
  })

  it.each(['', '1e-7', 'NaN', '1,5', '.5'])('is never guessed from %j', (amount) => expect(() => formatUsd(amount)).toThrow(TypeError))

  it('is nothing only when it is', () => {
    expect(['0', '0.00', '-0.0'].map(isZero)).toEqual([true, true, true])
    expect(isZero('0.0000000001')).toBe(false)
  })

  it.each([
    ['0', '10', 0],
    ['0.000001', '10', 1],
    ['5', '10.00', 500],
    ['9.9999', '10', 999],
    ['10', '10', 1_000],
    ['11', '10', 1_000],
    ['0', '0', 1_000],
  ])('of %s in a limit of %s fills %s thousandths', (used, limit, share) => expect(shareOf(used, limit)).toBe(share))
})
