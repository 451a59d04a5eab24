import type { StreamShape } from './operations/operation.ts'
import { scanObject } from './scan-object.ts'
import type { UsageReader } from './usage/usage-readers.ts'

export interface EventStreamOptions extends Partial<StreamShape> {
  /** Is shown every event in which a usage may stand. */
  readonly reader: Pick<UsageReader, 'event'>
  readonly takesOutUsage: boolean
  /** Is shown all events, one or several at a time. */
  readonly delivered?: { push(events: string): void } | undefined
}

/*
 * Reads the server-sent events of an answer on their way, and takes out what asking for usage added to them: the chunk
 * without choices that holds the usage, and the member `"usage":null` of every other chunk. All other bytes go on as
 * they came, whatever the borders of the pieces they come in: bytes are read as latin1 text, in which a place in the
 * text is a place in the bytes, and an event goes on when its blank line is there.
 *
 * An event longer than `longestEvent` is passed on unread. From the last event on, such as `data: [DONE]`, everything is
 * kept back: it may leave when the call has been written down.
 */
export class EventStream {
  isDone = false

  readonly #reader: EventStreamOptions['reader']
  readonly #takesOut: boolean
  readonly #end: StreamShape['end']
  readonly #delivered: EventStreamOptions['delivered']
  readonly #longestEvent: number
  /** What has come of an event that is not complete, in pieces: joined once, however small they are. */
  #carry: string[] = []
  #carried = 0
  /** The last characters that came, in which a blank line may have begun. */
  #tail = ''
  #isPassing = false
  #last = ''

  constructor({ reader, takesOutUsage, delivered, end, longestEvent = 1024 * 1024 }: EventStreamOptions) {
    this.#reader = reader
    this.#takesOut = takesOutUsage
    this.#end = end
    this.#delivered = delivered
    this.#longestEvent = longestEvent
  }

  /** @returns what may go on now, as latin1 text, or the very piece where nothing of it changed */
  push(piece: Buffer): string | Buffer {
    let text = piece.toString('latin1')
    let passed = ''
    if (this.#isPassing) {
      const border = firstBorder(this.#tail + text)
      if (border < 0) {
        this.#tail = lastOf(this.#tail + text)
        return piece
      }
      const end = Math.max(0, border - this.#tail.length)
      passed = text.slice(0, end)
      text = text.slice(end)
      this.#isPassing = false
      this.#tail = ''
    }
    const joined = this.#tail === '' ? text : this.#tail + text
    const border = lastBorder(joined)
    const end = border - this.#tail.length
    if (border < 0) {
      this.#tail = lastOf(joined)
      this.#carry.push(text)
      this.#carried += text.length
      return this.#carried > this.#longestEvent ? passed + this.#passUnread() : passed
    }
    const isWhole = this.#carried === 0 && end === text.length && passed === ''
    const complete = isWhole ? text : this.#takeCarry() + text.slice(0, end)
    this.#tail = ''
    if (end < text.length) {
      const rest = text.slice(end)
      this.#carry.push(rest)
      this.#carried = rest.length
      this.#tail = lastOf(rest)
    }
    const read = this.#read(complete)
    return isWhole && read === complete ? piece : passed + read
  }

  /** What is left when the answer has ended: an event without its blank line, and what was kept back. */
  end(): string {
    const rest = this.#takeCarry()
    const read = rest === '' ? '' : this.#read(rest)
    const last = this.#last
    this.#last = ''
    return this.isDone ? last : last + read
  }

  get keptBack(): number {
    return this.#last.length + this.#carried
  }

  #takeCarry(): string {
    const carry = this.#carry.join('')
    this.#carry = []
    this.#carried = 0
    return carry
  }

  #passUnread(): string {
    this.#isPassing = true
    return this.#takeCarry()
  }

  #read(events: string): string {
    if (this.isDone) {
      this.#last += events
      return ''
    }
    this.#delivered?.push(events)
    const hasReturns = events.includes('\r')
    const last = this.#lastEvent(events, hasReturns)
    if (!last) return this.#readUsage(events, hasReturns)
    const before = this.#readUsage(events.slice(0, last.from), hasReturns)
    this.isDone = true
    this.#last = this.#readUsage(events.slice(last.from, last.next), hasReturns) + events.slice(last.next)
    return before
  }

  /** Where the event stands that ends the stream. */
  #lastEvent(events: string, hasReturns: boolean): { from: number; next: number } | undefined {
    const end = this.#end
    let from = 0
    for (let mark = end ? events.indexOf(end.mark) : -1; mark >= 0 && end; mark = events.indexOf(end.mark, from)) {
      from = eventAround(events, mark, from, hasReturns)
      const next = nextEvent(events, mark, hasReturns)
      if (end.pattern.test(events.slice(from, next))) return { from, next }
      from = next
    }
    return undefined
  }

  /** From one usage to the next: most streams say in each event that there is none yet, and that costs what finding it costs. */
  #readUsage(events: string, hasReturns: boolean): string {
    let out = ''
    let passed = 0
    let next = 0
    for (let mark = usageIn(events, 0); mark >= 0; mark = usageIn(events, next)) {
      noUsageYet.lastIndex = mark - 1
      if (noUsageYet.test(events)) {
        next = noUsageYet.lastIndex
        if (!this.#takesOut) continue
        out += events.slice(passed, mark - 1)
        passed = mark - 1 + noUsage.length
        continue
      }
      const from = eventAround(events, mark, next, hasReturns)
      next = nextEvent(events, mark, hasReturns)
      out += events.slice(passed, from) + this.#showUsage(events.slice(from, next))
      passed = next
    }
    return passed === 0 ? events : out + events.slice(passed)
  }

  #showUsage(event: string): string {
    const { name, data, from } = readEvent(event)
    if (data === '') return event
    this.#reader.event(name, data)
    return this.#takesOut ? withoutUsage(event, from) : event
  }
}

/** Where a name such as `"usage"` or `"usageMetadata"` stands. Quotes are many in JSON, and to look for one first is to stop at each. */
function usageIn(events: string, from: number): number {
  let at = events.indexOf('usage', from)
  while (at >= 0 && events[at - 1] !== '"') at = events.indexOf('usage', at + 1)
  return at < 0 ? -1 : at - 1
}

const noUsage = ',"usage":null'
/** As OpenAI and most of those who imitate it end an event. The padding is OpenAI's. Quotes within a string have a backslash before them. */
const noUsageYet = /,"usage":null(?:,"obfuscation":"[^"\\\r\n]*")?\}\n\n/y
const dataAlone = /^data: ([^\r\n]*)\n\n$/
const field = /^(event|data):[ ]?(.*)$/gm

/** @returns its name, its data lines joined, and where the first of them begins */
function readEvent(event: string): { name: string | undefined; data: string; from: number } {
  const alone = dataAlone.exec(event)
  if (alone) return { name: undefined, data: alone[1] as string, from: 'data: '.length }
  let name: string | undefined
  let data = ''
  let from = -1
  for (const { 1: kind, 2: value = '', index, 0: line } of event.matchAll(field)) {
    if (kind === 'event') name = value
    else if (from < 0) {
      from = index + line.length - value.length
      data = value
    } else data += `\n${value}`
  }
  return { name, data, from }
}

/** Without what the wish for usage added: the member that is null, or all of a chunk without choices. */
function withoutUsage(event: string, from: number): string {
  try {
    const { usage, choices } = scanObject(event, from, ['choices', 'usage']).members
    if (!usage) return event
    if (event.slice(usage.start, usage.end) !== 'null') {
      const isExtra = choices !== undefined && /^\[\s*\]$/.test(event.slice(choices.start, choices.end))
      return isExtra ? blanksBefore(event) : event
    }
    if (usage.comma !== undefined) return event.slice(0, usage.comma) + event.slice(usage.end)
    const [after = ''] = /^\s*,\s*/.exec(event.slice(usage.end)) ?? []
    return event.slice(0, usage.from) + event.slice(usage.end + after.length)
  } catch {
    return event // no JSON object: not ours to judge
  }
}

const blanksBefore = (event: string) => /^[\r\n]*/.exec(event)?.[0] ?? ''

const blankLine = /(?:\r\n|\r(?!\n)|\n)(?:\r\n|\r(?!\n)|\n)/g
/** A blank line has at most four characters: this many may have come before the rest of it does. */
const lastOf = (text: string) => text.slice(-3)

/** Where the next event begins. A CR at the very end does not tell yet: an LF of the same line end may follow. */
function firstBorder(text: string, from = 0, hasReturns = text.includes('\r')): number {
  if (!hasReturns) {
    const at = text.indexOf('\n\n', from)
    return at < 0 ? -1 : at + 2
  }
  blankLine.lastIndex = from
  const found = blankLine.exec(text)
  if (!found) return -1
  const end = found.index + found[0].length
  return end === text.length && text.endsWith('\r') ? -1 : end
}

/** Where the event begins in which something stands. @param from the beginning of one before it, or its own */
function eventAround(events: string, at: number, from: number, hasReturns: boolean): number {
  let begins = from
  for (let border = firstBorder(events, from, hasReturns); border >= 0 && border <= at; border = firstBorder(events, border, hasReturns))
    begins = border
  return begins
}

function nextEvent(events: string, at: number, hasReturns: boolean): number {
  const border = firstBorder(events, at, hasReturns)
  return border < 0 ? events.length : border
}

function lastBorder(text: string): number {
  if (!text.includes('\r')) {
    const at = text.lastIndexOf('\n\n')
    return at < 0 ? -1 : at + 2
  }
  let last = -1
  for (let end = firstBorder(text, 0, true); end >= 0; end = firstBorder(text, end, true)) last = end
  return last
}
