/** One line of the report: what was measured, and the same of something bare, in the same run. */
export interface Figure {
  what: string
  value: number
  unit: 's' | 'ms' | 'µs' | 'MB' | 'MB/s' | 'per second'
  against: { what: string; value: number }
  /** Of the two; the lowest and the highest of the rounds beside it, where there were rounds. */
  ratio: number
  spread?: [number, number]
  bar?: Bar
}

export interface Bar {
  on: 'ratio' | 'value'
  atLeast?: number
  atMost?: number
}

export function reaches({ bar, ratio, value }: Figure): boolean | undefined {
  if (!bar) return undefined
  const measured = bar.on === 'ratio' ? ratio : value
  return measured >= (bar.atLeast ?? Number.NEGATIVE_INFINITY) && measured <= (bar.atMost ?? Number.POSITIVE_INFINITY)
}

/** From rounds in which both were measured: the medians, and the median of each round's own ratio. */
export function figureOf(
  figure: Pick<Figure, 'what' | 'unit' | 'bar'>,
  values: readonly number[],
  against: { what: string; values: readonly number[] },
): Figure {
  const ratios = values.map((value, round) => value / (against.values[round] ?? Number.NaN))
  return {
    ...figure,
    value: median(values),
    against: { what: against.what, value: median(against.values) },
    ratio: median(ratios),
    ...(ratios.length > 1 ? { spread: [Math.min(...ratios), Math.max(...ratios)] } : {}),
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[sorted.length >> 1] ?? Number.NaN
  const lower = sorted[(sorted.length - 1) >> 1] ?? Number.NaN
  return (lower + upper) / 2
}

const heads = ['', 'measured', 'against', 'ratio', 'rounds', 'bar', '']

export function toTable(figures: readonly Figure[]): string {
  const rows = [heads, ...figures.map(toCells)]
  const widths = heads.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const toLeft = new Set([0, 2, 5])
  return rows
    .map((row) => row.map((cell, column) => (toLeft.has(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))))
    .map((row) => row.join('  ').trimEnd())
    .join('\n')
}

function toCells(figure: Figure): string[] {
  const { what, value, unit, against, ratio, spread, bar } = figure
  return [
    what,
    withUnit(value, unit),
    `${withUnit(against.value, unit)} ${against.what}`,
    short(ratio),
    spread ? `${short(spread[0])}–${short(spread[1])}` : '',
    bar ? barInWords(bar, unit) : '',
    { true: 'ok', false: 'below', undefined: '' }[`${reaches(figure)}`] ?? '',
  ]
}

function barInWords({ on, atLeast, atMost }: Bar, unit: Figure['unit']): string {
  const limit = (number: number) => (on === 'ratio' ? `${number}` : withUnit(number, unit))
  return atLeast === undefined ? `≤ ${limit(atMost ?? 0)}` : `≥ ${limit(atLeast)}`
}

const withUnit = (value: number, unit: Figure['unit']) => (unit === 'per second' ? `${short(value / 1000)}k/s` : `${short(value)} ${unit}`)
const short = (value: number) => (value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2))
