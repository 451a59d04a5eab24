import { Worker } from 'node:worker_threads'
import type { CountJob, CountResult } from './count-tokens.ts'

export type CountWish = Omit<CountJob, 'id'>
export type Counted = Omit<CountResult, 'id'>

export interface TokenCounterSettings {
  /** For one wish. A text that takes longer was made to. */
  readonly limitMs: number
  /** After which the thread goes, and its memory with it. */
  readonly restMs: number
  /** Beyond so many that wait, nothing is counted. */
  readonly mostWaiting: number
}

const defaults: TokenCounterSettings = { limitMs: 5_000, restMs: 60_000, mostWaiting: 2_000 }
const isSource = import.meta.url.endsWith('.ts')
const thread = new URL(`./count-tokens.${isSource ? 'ts' : 'js'}`, import.meta.url)

/** Counts tokens beside the event loop. Nothing of it is there before the first wish, nor some time after the last. */
export class TokenCounter {
  readonly #settings: TokenCounterSettings
  #worker: Worker | undefined
  #last = 0
  readonly #waiting = new Map<number, { resolve: (counted: Counted | undefined) => void; sinceMs: number }>()
  #watch: NodeJS.Timeout | undefined
  #idleSinceMs = 0

  constructor(settings: Partial<TokenCounterSettings> = {}) {
    this.#settings = { ...defaults, ...settings }
  }

  get isRunning() {
    return this.#worker !== undefined
  }

  /** Undefined where it cannot be counted in time. */
  count(wish: CountWish): Promise<Counted | undefined> {
    if (this.#waiting.size >= this.#settings.mostWaiting) return Promise.resolve(undefined)
    const id = ++this.#last
    return new Promise((resolve) => {
      this.#waiting.set(id, { resolve, sinceMs: performance.now() })
      try {
        this.#start().postMessage({ id, ...wish } satisfies CountJob)
      } catch {
        this.#stop()
      }
    })
  }

  close() {
    this.#stop()
  }

  #start(): Worker {
    if (this.#worker) return this.#worker
    const worker = new Worker(thread, { resourceLimits: { maxOldGenerationSizeMb: 256 } })
    worker.on('message', ({ id, ...counted }: CountResult) => {
      this.#waiting.get(id)?.resolve(counted)
      this.#waiting.delete(id)
      // The one behind it has been waiting for this one, and begins now.
      const [next] = this.#waiting.values()
      if (next) next.sinceMs = performance.now()
      else this.#idleSinceMs = performance.now()
    })
    const end = () => this.#worker === worker && this.#stop()
    worker.on('error', end).on('exit', end)
    worker.unref()
    this.#worker = worker
    this.#watch = setInterval(() => this.#look(), Math.min(this.#settings.limitMs, this.#settings.restMs) / 5).unref()
    return worker
  }

  #look() {
    const [first] = this.#waiting.values()
    const sinceMs = performance.now() - (first?.sinceMs ?? this.#idleSinceMs)
    if (sinceMs > (first ? this.#settings.limitMs : this.#settings.restMs)) this.#stop()
  }

  #stop() {
    clearInterval(this.#watch)
    const worker = this.#worker
    this.#worker = undefined
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const { resolve } of waiting) resolve(undefined)
    void worker?.terminate()
  }
}
