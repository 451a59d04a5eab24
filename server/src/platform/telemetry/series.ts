import type { SlidingCounts } from '../../base/sliding-counts.ts'

/*
 * Counters and histograms whose rows are looked up once. prom-client makes a text of the labels at every observation to
 * find the row by, which costs more than most of what is measured; here whoever counts often keeps the row. Their form
 * is the one that its registry renders.
 */

type Labels = Readonly<Record<string, string>>

interface Value {
  labels: Record<string, string | number>
  value: number
  metricName?: string
}

abstract class Series<Label extends string, Row> {
  abstract readonly type: 'counter' | 'histogram'
  readonly name: string
  readonly help: string
  readonly aggregator = 'sum'
  readonly #labelNames: readonly Label[]
  readonly #rows = new Map<string, { labels: Labels; row: Row }>()

  constructor(name: string, help: string, labelNames: readonly Label[]) {
    this.name = name
    this.help = help
    this.#labelNames = labelNames
  }

  /** The row of these labels. Each must be one of few: a row is kept for ever. */
  of(labels: Readonly<Record<Label, string>>): Row {
    const key = this.#labelNames.map((label) => labels[label]).join('\n')
    let known = this.#rows.get(key)
    if (!known) {
      known = { labels: { ...labels }, row: this.makeRow() }
      this.#rows.set(key, known)
    }
    return known.row
  }

  async get() {
    const { name, help, type, aggregator } = this
    return { name, help, type, aggregator, values: [...this.#rows.values()].flatMap(({ labels, row }) => this.valuesOf(labels, row)) }
  }

  protected abstract makeRow(): Row
  protected abstract valuesOf(labels: Labels, row: Row): Value[]
}

export class Count {
  value = 0
  add(count = 1) {
    this.value += count
  }
}

export class Counter<Label extends string> extends Series<Label, Count> {
  readonly type = 'counter'
  protected makeRow() {
    return new Count()
  }
  protected valuesOf(labels: Labels, { value }: Count) {
    return [{ labels, value }]
  }
}

/** How often something took how long. */
export class Spread {
  readonly #bounds: readonly number[]
  readonly #within: number[]
  readonly #lately: SlidingCounts | undefined
  #sum = 0
  #count = 0

  constructor(bounds: readonly number[], lately?: SlidingCounts) {
    this.#bounds = bounds
    this.#lately = lately
    this.#within = bounds.map(() => 0)
  }

  observe(seconds: number) {
    this.#sum += seconds
    this.#count++
    let at = 0
    while (at < this.#bounds.length && seconds > (this.#bounds[at] as number)) at++
    this.#lately?.add(at)
    if (at < this.#bounds.length) this.#within[at] = (this.#within[at] as number) + 1
  }

  values(name: string, labels: Labels): Value[] {
    let upTo = 0
    const buckets = this.#bounds.map((le, at) => {
      upTo += this.#within[at] as number
      return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: upTo }
    })
    return [
      ...buckets,
      { metricName: `${name}_bucket`, labels: { le: '+Inf', ...labels }, value: this.#count },
      { metricName: `${name}_sum`, labels, value: this.#sum },
      { metricName: `${name}_count`, labels, value: this.#count },
    ]
  }
}

export class Histogram<Label extends string> extends Series<Label, Spread> {
  readonly type = 'histogram'
  readonly #bounds: readonly number[]
  readonly #lately: SlidingCounts | undefined

  /** @param lately of all rows together: one count for each bucket, and one for what lies beyond */
  constructor(name: string, help: string, labelNames: readonly Label[], bounds: readonly number[], lately?: SlidingCounts) {
    super(name, help, labelNames)
    this.#bounds = bounds
    this.#lately = lately
  }
  protected makeRow() {
    return new Spread(this.#bounds, this.#lately)
  }
  protected valuesOf(labels: Labels, spread: Spread) {
    return spread.values(this.name, labels)
  }
}
