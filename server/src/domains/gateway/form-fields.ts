import { gatewayErrors } from './errors.ts'

/** A part's head and the value of a field are short; the rest of a form is files. */
const longestHead = 16 * 1024
const longestValue = 1024

/**
 * Finds one field of a multipart/form-data body that passes by, and keeps nothing else. What is paid for must be what is
 * done: a field that stands there twice is refused, and so is whatever two readers could take apart in two ways. A
 * boundary stands nowhere but between parts, lines end as they must, and every part has a name.
 */
export class FormFields {
  /** The value that was found, and where it stands, counted from the beginning of the body. */
  found: { text: string; start: number; end: number } | undefined
  readonly #name: string
  readonly #boundary: string
  #text = '\r\n' // the first boundary has no line before it
  /** Of the text that is kept, in the body. */
  #from = -2
  #state: 'between' | 'head' | 'value' = 'between'

  constructor(contentType: string, name: string) {
    this.#name = name
    this.#boundary = `--${boundaryIn(contentType)}`
  }

  push(piece: Buffer) {
    this.#text += piece.toString('latin1')
    while (this.#step());
  }

  /** @returns whether there may be more to read in what came */
  #step(): boolean {
    if (this.#state === 'head') return this.#readHead()
    const at = this.#endOfPart()
    if (this.#state === 'value') return this.#readValue(at)
    if (at < 0) {
      // Nothing of a file is kept, but for what may be the beginning of a boundary.
      this.#drop(Math.max(0, this.#text.length - this.#boundary.length - 4))
      return false
    }
    this.#drop(at + 2 + this.#boundary.length)
    if (this.#text.startsWith('\r\n')) this.#state = 'head' // behind the last part there may be anything but another
    return true
  }

  /** Before the line of the next boundary; -1: not yet. */
  #endOfPart(): number {
    const at = this.#text.indexOf(this.#boundary)
    const after = at + this.#boundary.length
    if (at < 0 || this.#text.length < after + 2) return -1
    const isAlone = this.#text.startsWith('\r\n', at - 2) && /^(?:\r\n|--)/.test(this.#text.slice(after, after + 2))
    if (!isAlone || at < 2) throw gatewayErrors.form_unreadable()
    return at - 2
  }

  #readHead(): boolean {
    const end = this.#text.indexOf('\r\n\r\n')
    if ((end < 0 ? this.#text.length : end) > longestHead) throw gatewayErrors.form_unreadable()
    if (end < 0) return false
    const name = nameIn(this.#text.slice(0, end))
    this.#state = 'between'
    if (name.toLowerCase() === this.#name) {
      if (name !== this.#name) throw gatewayErrors.body_ambiguous({ message: `The field ${this.#name} is written in another case.` })
      if (this.found) throw gatewayErrors.body_ambiguous({ message: `The field ${this.#name} stands there twice.` })
      this.#drop(end + 4)
      this.#state = 'value'
    } else this.#drop(end + 2) // of an empty part, the boundary's line begins with the end of its head
    return true
  }

  #readValue(end: number): boolean {
    if (end > longestValue || (end < 0 && this.#text.length > longestValue + this.#boundary.length + 4))
      throw gatewayErrors.form_unreadable()
    if (end < 0) return false
    this.found = { text: Buffer.from(this.#text.slice(0, end), 'latin1').toString(), start: this.#from, end: this.#from + end }
    this.#state = 'between'
    return true
  }

  #drop(length: number) {
    this.#from += length
    this.#text = this.#text.slice(length)
  }
}

/** Said once, of signs that need no quotes, so that nobody finds another. */
function boundaryIn(contentType: string): string {
  const named = contentType.match(/;\s*boundary[^=;]*=/gi) ?? []
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]*)"|([^\s;"]*))\s*(?:;|$)/i.exec(contentType) ?? []
  const boundary = quoted ?? plain ?? ''
  if (named.length !== 1 || !/^[\w'()+./:=? -]{0,199}[\w'()+./:=?-]$/.test(boundary)) throw gatewayErrors.form_unreadable()
  return boundary
}

const badLines = /(?<!\r)\n|\r(?!\n)|\r\n[ \t]/

function nameIn(head: string): string {
  const lines = head.split('\r\n').filter((line) => /^content-disposition\s*:/i.test(line))
  const [line = ''] = lines
  const names = namesIn(line.replace(/filename\*?=("(?:[^"\\]|\\.)*"|[^;]*)/gi, ''))
  // Not everybody takes a backslash in the name of a file for more than a sign.
  const alsoNames = namesIn(line.replace(/filename\*?=("[^"]*"|[^;]*)/gi, ''))
  const [name] = names
  const isClear = names.length === 1 && alsoNames.length === 1 && alsoNames[0] === name && !badLines.test(head)
  if (lines.length !== 1 || !isClear || name === undefined || /[\\%]/.test(name)) throw gatewayErrors.form_unreadable()
  return name
}

/** Of an extended one (`name*`) there is only its mark, which no name has. */
function namesIn(line: string): string[] {
  const found = line.matchAll(/;\s*name(\*?)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;]*))/gi)
  return [...found].map(([, isExtended, quoted, plain]) => (isExtended ? '%' : (quoted ?? plain ?? '')))
}
