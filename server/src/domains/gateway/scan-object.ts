import { httpErrors } from '../../platform/http/errors.ts'
import { gatewayErrors } from './errors.ts'

export interface Member {
  /** Of the member as a whole, from the quote of its name. */
  readonly from: number
  /** Of its value. */
  readonly start: number
  readonly end: number
  /** Of the comma before it; absent for the first. */
  readonly comma: number | undefined
}

export interface ScannedObject<Name extends string> {
  readonly members: { readonly [K in Name]?: Member }
  readonly isEmpty: boolean
  /** Of both braces. */
  readonly opens: number
  readonly closes: number
}

/**
 * Finds members of a JSON object by name without parsing the rest, however long, and says where they stand, so that one
 * value can be changed and every other byte stays. Takes bytes as latin1 text: a place in it is a place in the bytes.
 *
 * A name that stands there twice is refused, and so is one that differs only in case: of two readers, each could take
 * another. What lies inside of other values is not looked at; the provider reads it.
 */
export function scanObject<Name extends string>(text: string, from: number, names: readonly Name[], what = 'This'): ScannedObject<Name> {
  const opens = skipBlanks(text, from)
  if (text.charCodeAt(opens) !== braceOpen) throw httpErrors.invalid({ message: `${what} is no JSON object.`, hint: whatItIs })
  const members: { [K in Name]?: Member } = {}
  let at = skipBlanks(text, opens + 1)
  if (text.charCodeAt(at) === braceClose) return { members, isEmpty: true, opens, closes: at }
  for (let comma: number | undefined; ; ) {
    const memberFrom = at
    const nameEnd = endOfString(text, at)
    const name = wantedName(text, at, nameEnd, names)
    at = skipBlanks(text, nameEnd)
    expect(text, at, colon)
    const start = skipBlanks(text, at + 1)
    const end = endOfValue(text, start)
    if (name !== undefined) {
      if (members[name]) throw gatewayErrors.body_ambiguous({ message: `The field ${name} stands there twice.` })
      members[name] = { from: memberFrom, start, end, comma }
    }
    at = skipBlanks(text, end)
    if (text.charCodeAt(at) === braceClose) return { members, isEmpty: false, opens, closes: at }
    expect(text, at, commaCode)
    comma = at
    at = skipBlanks(text, at + 1)
  }
}

const whatItIs = 'It begins with a brace.'
const [quote, backslash, braceOpen, braceClose, bracketOpen, bracketClose, colon, commaCode] = [34, 92, 123, 125, 91, 93, 58, 44]

export function skipBlanks(text: string, from: number): number {
  let at = from
  for (;;) {
    const code = text.charCodeAt(at)
    if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return at
    at++
  }
}

function expect(text: string, at: number, code: number | undefined) {
  if (text.charCodeAt(at) !== code) throw httpErrors.bad_request()
}

function wantedName<Name extends string>(text: string, at: number, end: number, names: readonly Name[]): Name | undefined {
  let name = text.slice(at + 1, end - 1)
  if (name.includes('\\')) name = parseString(text.slice(at, end))
  for (const wanted of names) {
    if (name === wanted) return wanted
    if (name.length === wanted.length && name.toLowerCase() === wanted)
      throw gatewayErrors.body_ambiguous({ message: `The field ${wanted} is written in another case.` })
  }
  return undefined
}

function parseString(text: string): string {
  try {
    return JSON.parse(text) as string
  } catch (cause) {
    throw httpErrors.bad_request({ cause })
  }
}

function endOfString(text: string, at: number): number {
  expect(text, at, quote)
  for (let end = at + 1; ; end++) {
    end = text.indexOf('"', end)
    if (end < 0) throw httpErrors.bad_request()
    let before = end - 1
    while (text.charCodeAt(before) === backslash) before--
    if ((end - before) % 2 === 1) return end + 1 // an even number of backslashes: the quote is none of theirs
  }
}

function endOfValue(text: string, at: number): number {
  const code = text.charCodeAt(at)
  if (code === quote) return endOfString(text, at)
  if (code === braceOpen || code === bracketOpen) return endOfNested(text, at)
  let end = at
  while (end < text.length && isLiteral(text.charCodeAt(end))) end++
  if (end === at) throw httpErrors.bad_request()
  return end
}

/** Digits, letters, and the signs of a number. */
const isLiteral = (code: number) =>
  (code >= 48 && code <= 57) || (code >= 97 && code <= 122) || code === 45 || code === 43 || code === 46 || code === 69

function endOfNested(text: string, from: number): number {
  let depth = 0
  for (let at = from; at < text.length; ) {
    const code = text.charCodeAt(at)
    if (code === quote) {
      at = endOfString(text, at)
      continue
    }
    if (code === braceOpen || code === bracketOpen) depth++
    else if ((code === braceClose || code === bracketClose) && --depth === 0) return at + 1
    at++
  }
  throw httpErrors.bad_request()
}
