import { scanObject } from './scan-object.ts'
import type { UsageReader } from './usage/usage-readers.ts'

/** An answer makes one thing, perhaps with files; whoever names more wants us to write. */
const mostIds = 8

/** The ids, in an answer, of what its provider keeps from now on. */
export class KeptObjects {
  readonly ids = new Set<string>()
  readonly #names: readonly string[]
  readonly #reader: Pick<UsageReader, 'event'>

  /**
   * @param names of the members in which they stand: of a body, or of the response that an event tells of
   * @param reader is shown the events too
   */
  constructor(names: readonly string[], reader: Pick<UsageReader, 'event'>) {
    this.#names = names
    this.#reader = reader
  }

  event(name: string | undefined, data: string) {
    this.#reader.event(name, data)
    this.#guard(() => {
      const { response } = scanObject(data, 0, ['response']).members
      if (response) this.#read(data, response.start)
    })
  }

  body(text: string) {
    this.#guard(() => this.#read(text, 0))
  }

  #read(text: string, from: number) {
    const { members } = scanObject(text, from, this.#names)
    for (const member of Object.values(members)) {
      if (!member) continue
      const [, id] = /^"([A-Za-z0-9_-]{1,200})"$/.exec(text.slice(member.start, member.end)) ?? []
      if (id !== undefined && this.ids.size < mostIds) this.ids.add(id)
    }
  }

  /** A provider's answer may be anything; what is no object holds no id. */
  #guard(read: () => void) {
    try {
      read()
    } catch {}
  }
}
