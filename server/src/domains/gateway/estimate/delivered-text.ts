/*
 * What a stream has said so far, kept for the case that it ends without its usage. As long as it goes on that must cost
 * next to nothing: events are kept as they are, and only when some have gathered is their text taken out, so that a long
 * answer takes the memory of its text and not of its events.
 */

const mostRawLength = 16 * 1024
/** More than any model says at once. Beyond it, length alone is noted. */
const mostTextLength = 512 * 1024

export interface Delivered {
  /** By the name of the member that it stood in. */
  readonly texts: Readonly<Record<string, string>>
  /** How many times as long as these texts all of it was: 1, unless it was too long to be kept. */
  readonly times: number
}

export class DeliveredText {
  readonly #names: readonly string[]
  /** Events as latin1 of their bytes. */
  #raw: string[] = []
  #rawLength = 0
  /** The insides of JSON strings as they were written, by name: an escape may begin in one event and end in the next. */
  readonly #taken = new Map<string, string[]>()
  #keptLength = 0
  #length = 0

  /** @param names of the members whose strings are the answer */
  constructor(names: readonly string[]) {
    this.#names = names
  }

  /** @param events whole ones */
  push(events: string) {
    this.#raw.push(events)
    this.#rawLength += events.length
    if (this.#rawLength > mostRawLength) this.#takeOut()
  }

  take(): Delivered {
    this.#takeOut()
    const texts = Object.fromEntries([...this.#taken].map(([name, parts]) => [name, decode(parts.join(''))]))
    return { texts, times: this.#keptLength === 0 ? 1 : this.#length / this.#keptLength }
  }

  #takeOut() {
    const events = this.#raw.join('')
    this.#raw = []
    this.#rawLength = 0
    const found = new Map<string, string>()
    const beginning = new RegExp(`"(${this.#names.join('|')})"\\s*:\\s*"`, 'g')
    for (let match = beginning.exec(events); match; match = beginning.exec(events)) {
      const [, name = ''] = match
      const end = endOfString(events, beginning.lastIndex)
      found.set(name, (found.get(name) ?? '') + events.slice(beginning.lastIndex, end))
      beginning.lastIndex = end
    }
    for (const [name, text] of found) {
      this.#length += text.length
      if (this.#keptLength > mostTextLength) continue
      this.#keptLength += text.length
      const parts = this.#taken.get(name) ?? []
      // Through a buffer: a slice would keep all of the events it was cut from.
      parts.push(Buffer.from(text, 'latin1').toString('latin1'))
      this.#taken.set(name, parts)
    }
  }
}

/** Where the quote stands that ends the string, or the text does. */
function endOfString(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 1)) {
    let before = at - 1
    while (before >= from && text[before] === '\\') before--
    if ((at - before) % 2 === 1) return at
  }
  return text.length
}

function decode(raw: string): string {
  const text = Buffer.from(raw, 'latin1').toString()
  try {
    return JSON.parse(`"${text}"`) as string
  } catch {
    return text // cut in the middle of an escape, or no JSON: near enough
  }
}
