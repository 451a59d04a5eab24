import { describe, expect, it } from 'vitest'
import { figureOf, median, reaches, toTable } from './figures.ts'

const rates = { what: 'bare select', values: [1_000, 2_000, 4_000] }

describe('a figure', () => {
  it('is the median of the rounds, and its ratio the median of each round’s own', () => {
    const figure = figureOf({ what: 'readAs', unit: 'per second' }, [900, 1_000, 3_000], rates)
    expect(figure).toMatchObject({ value: 1_000, against: { value: 2_000 }, ratio: 0.75, spread: [0.5, 0.9] })
  })

  it('reaches its bar or not, or has none', () => {
    const measured = (bar: object) => reaches({ ...figureOf({ what: 'x', unit: 's' }, [3], { what: 'y', values: [2] }), ...bar })
    expect(measured({})).toBeUndefined()
    expect(measured({ bar: { on: 'ratio', atLeast: 1.5 } })).toBe(true)
    expect(measured({ bar: { on: 'ratio', atLeast: 1.6 } })).toBe(false)
    expect(measured({ bar: { on: 'value', atMost: 3 } })).toBe(true)
    expect(measured({ bar: { on: 'value', atMost: 2.9 } })).toBe(false)
  })

  it('stands in the table with its bar beside it', () => {
    const table = toTable([
      figureOf({ what: 'readAs', unit: 'per second', bar: { on: 'ratio', atLeast: 0.9 } }, [900, 1_000, 3_000], rates),
      figureOf({ what: 'start', unit: 's', bar: { on: 'value', atMost: 15 } }, [2], { what: 'the database alone', values: [1] }),
    ])
    expect(table.split('\n')).toEqual([
      '        measured  against                    ratio     rounds  bar',
      'readAs   1.00k/s  2.00k/s bare select         0.75  0.50–0.90  ≥ 0.9     below',
      'start     2.00 s  1.00 s the database alone   2.00             ≤ 15.0 s     ok',
    ])
  })
})

describe('the median', () => {
  it('is the middle one, or lies between the two in the middle', () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 2, 3])).toBe(2.5)
  })
})
