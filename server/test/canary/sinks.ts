import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import type { Needle } from './needles.ts'
import { search } from './search.ts'

/** Where something can end up that somebody reads later. What lands there is kept until it is searched. */
export interface Sinks {
  note(sink: string, what: string | Buffer): void
  /** All there is to an error, and to what caused it. */
  noteError(sink: string, error: unknown): void
  /** One sentence for each sink and form in which a secret is found. */
  leaks(needles: readonly Needle[]): string[]
  forget(): void
}

export function createSinks(): Sinks {
  let kept: { sink: string; bytes: Buffer }[] = []
  const note: Sinks['note'] = (sink, what) => void kept.push({ sink, bytes: Buffer.from(what) })
  return {
    note,
    noteError(sink, error) {
      note(
        sink,
        inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true, maxStringLength: null, maxArrayLength: null, getters: true }),
      )
      for (let at: unknown = error, depth = 0; at instanceof Error && depth < 10; at = at.cause, depth++) {
        const { message, stack, ...rest } = at
        note(sink, `${message}\n${stack}\n${'internal' in at ? at.internal : ''}\n${inspect(rest)}`)
        note(sink, toJson(at))
      }
    },
    leaks: (needles) => [
      ...new Set(kept.flatMap(({ sink, bytes }) => search(bytes, needles).map(({ form, around }) => `${sink}: ${form}: ${around}`))),
    ],
    forget: () => {
      kept = []
    },
  }
}

function toJson(error: Error): string {
  try {
    return JSON.stringify(error) ?? ''
  } catch {
    return '' // a circle; inspect has shown it
  }
}

export function searchFolder(folder: string, needles: readonly Needle[]): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .flatMap((entry) => {
      const path = join(entry.parentPath, entry.name)
      return search(readIfThere(path), needles).map(({ form, around }) => `${path.slice(folder.length + 1)}: ${form}: ${around}`)
    })
}

/** A server that runs removes files of its own between the listing and the look. */
function readIfThere(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0)
    throw error
  }
}
