import { describe, expect, it } from 'vitest'
import { addDecimals, decimalText, multiplyDecimal } from './decimal-text.ts'

describe('decimal text', () => {
  it.each([
    ['0.00014', '0.00014'],
    ['0', '0'],
    ['0.0', '0'],
    ['1', '1'],
    ['1.25e-7', '0.000000125'],
    ['2E+2', '200'],
    ['12.50', '12.5'],
    ['100', '100'],
    ['0.10000000000000001', '0.10000000000000001'],
  ])('of %s is the very number that was written', (written, expected) => expect(decimalText(written)).toBe(expected))

  it.each(['-1', '', 'NaN', '1e400', '.5', '0x10', 'Infinity', '1,5'])('is not there of %j', (written) =>
    expect(decimalText(written)).toBeUndefined(),
  )

  it('can be moved by places', () => {
    expect(decimalText('318319000', -10)).toBe('0.0318319')
    expect(decimalText('1', -10)).toBe('0.0000000001')
    expect(decimalText('0', -10)).toBe('0')
  })

  it.each([
    ['0', '0', '0'],
    ['0.000075', '0.0015', '0.001575'],
    ['0.1', '0.2', '0.3'],
    ['9.99', '0.01', '10'],
    ['12', '0.5', '12.5'],
  ])('of %s and %s add up to %s', (a, b, sum) => expect(addDecimals(a, b)).toBe(sum))

  it.each([
    ['0.10', 3, '0.3'],
    ['0', 9, '0'],
    ['2.50', 4, '10'],
    ['0.000000000000000000001', 1e12, '0.000000001'],
  ])('%s, taken %i times, is %s', (text, times, product) => expect(multiplyDecimal(text, times)).toBe(product))
})
