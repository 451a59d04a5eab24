import { gatewayErrors } from './errors.ts'

/** A part's head and the value of a field are short; the rest of a form is files. */
const longestHead = 16 * 1024
const longestValue = 1024

/**
 * Finds one field of a multipart/form-data body that passes by, and keeps nothing else. A field that stands there twice,
 * or whose name two readers could take in two ways, is refused: what is paid for must be what is done.
 */
export class FormFields {
  /** The value that was found, and where it stands, counted from the beginning of the body. */
  found: { text: string; start: number; end: number } | undefined
  readonly #name: string
  readonly #delimiter: string
  #text = '\r\n' // the first delimiter has no line before it
  /** Of the text that is kept, in the body. */
  #from = -2
  #state: 'between' | 'head' | 'value' = 'between'

  constructor(contentType: string, name: string) {
    const [, quoted, plain] = /;\s*boundary=(?:"([^"\r\n]{1,200})"|([^\s;"]{1,200}))/i.exec(contentType) ?? []
    const boundary = quoted ?? plain
    if (boundary === undefined) throw gatewayErrors.form_unreadable()
    this.#name = name
    this.#delimiter = `\r\n--${Buffer.from(boundary).toString('latin1')}`
  }

  push(piece: Buffer) {
    this.#text += piece.toString('latin1')
    while (this.#step());
  }

  /** @returns whether there may be more to read in what came */
  #step(): boolean {
    if (this.#state === 'head') return this.#readHead()
    const at = this.#text.indexOf(this.#delimiter)
    if (this.#state === 'value') return this.#readValue(at)
    if (at < 0) {
      // Nothing of a file is kept, but for what may be the beginning of a delimiter.
      this.#drop(Math.max(0, this.#text.length - this.#delimiter.length))
      return false
    }
    this.#drop(at + this.#delimiter.length)
    this.#state = 'head'
    return true
  }

  #readHead(): boolean {
    const end = this.#text.indexOf('\r\n\r\n')
    if ((end < 0 ? this.#text.length : end) > longestHead) throw gatewayErrors.form_unreadable()
    if (end < 0) return false
    const name = nameIn(this.#text.slice(0, end))
    this.#state = 'between'
    if (name?.toLowerCase() === this.#name) {
      if (name !== this.#name) throw gatewayErrors.body_ambiguous({ message: `The field ${this.#name} is written in another case.` })
      if (this.found) throw gatewayErrors.body_ambiguous({ message: `The field ${this.#name} stands there twice.` })
      this.#drop(end + 4)
      this.#state = 'value'
    } else this.#drop(end + 2) // of an empty part, the delimiter begins with the end of its head
    return true
  }

  #readValue(end: number): boolean {
    if (end > longestValue || (end < 0 && this.#text.length > longestValue + this.#delimiter.length)) throw gatewayErrors.form_unreadable()
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

function nameIn(head: string): string | undefined {
  const lines = head.split('\r\n').filter((line) => /^content-disposition\s*:/i.test(line))
  const [line = ''] = lines
  const names = [
    ...line.replace(/filename\*?=("(?:[^"\\]|\\.)*"|[^;]*)/gi, '').matchAll(/;\s*name(\*?)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;]*))/gi),
  ]
  const [first] = names
  if (lines.length > 1 || names.length > 1 || first?.[1] === '*') throw gatewayErrors.form_unreadable()
  const name = first?.[2] ?? first?.[3]
  if (name?.includes('\\') || name?.includes('%')) throw gatewayErrors.form_unreadable()
  return name
}
