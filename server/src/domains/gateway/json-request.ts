import { httpErrors } from '../../platform/http/errors.ts'
import { type Asked, type CallRequest, type Edit, splice } from './call-request.ts'
import type { RequestShape } from './operations/operation.ts'
import { pointedIds } from './pointed-ids.ts'
import { type Member, type ScannedObject, scanObject, skipBlanks } from './scan-object.ts'
import { countElements } from './usage/count-elements.ts'

const lookAt = 'Of the body, little is looked at here; the rest is the provider’s to judge.'
/** The ledger keeps no longer name of a model. */
const longestText = 200

/** @param modelInPath of a dialect that names it there */
export function readJsonRequest(bytes: Buffer, shape: RequestShape, modelInPath?: string): CallRequest {
  return new JsonRequest(bytes, shape, modelInPath)
}

/** A class, and what only some calls need read when it is asked: an object of closures of its own is as dear as the reading. */
class JsonRequest implements CallRequest {
  readonly contentType = 'application/json'
  readonly model: string | undefined
  readonly streams: boolean
  readonly pointsTo: readonly string[] | undefined
  readonly isDetached: boolean
  readonly namesOtherModels: boolean
  readonly #bytes: Buffer
  readonly #latin1: string
  readonly #shape: RequestShape
  readonly #object: ScannedObject<string>
  readonly #wish: UsageWish
  #asked: Asked | undefined

  constructor(bytes: Buffer, shape: RequestShape, modelInPath: string | undefined) {
    const text = bytes.toString('latin1')
    const object = scanObject(text, 0, namesOf(shape))
    if (skipBlanks(text, object.closes + 1) !== text.length) throw httpErrors.bad_request()
    const { model: modelAt, stream, stream_options: options } = object.members
    if (!modelAt && modelInPath === undefined && !shape.mayLackModel)
      throw httpErrors.invalid({ message: 'The body names no model.', hint: lookAt })
    this.#bytes = bytes
    this.#latin1 = text
    this.#shape = shape
    this.#object = object
    this.model = modelInPath ?? (modelAt && readText('model', bytes, text, modelAt))
    this.streams = readFlag('stream', stream && text.slice(stream.start, stream.end))
    this.#wish = this.streams && shape.takesUsageWish ? findUsageWish(text, options) : asIsAsked
    const { detaches } = shape
    const detachedAt = detaches === undefined ? undefined : object.members[detaches]
    this.isDetached = detachedAt ? readFlag(detaches as string, text.slice(detachedAt.start, detachedAt.end)) : false
    this.pointsTo = this.#findPointers()
    this.namesOtherModels = namesOthers(text, object, shape)
  }

  get lacksUsageWish(): boolean {
    return this.#wish !== asIsAsked
  }

  get text(): Buffer | undefined {
    return this.asked.hasMedia ? undefined : this.#bytes
  }

  get asked(): Asked {
    this.#asked ??= readAsked(this.#latin1, this.#object, this.#shape)
    return this.#asked
  }

  rewritten(changes: { model: string; askForUsage: boolean }): Buffer {
    const { model } = this.#object.members
    const edits: Edit[] = []
    if (model && changes.model !== this.model) edits.push({ start: model.start, end: model.end, text: JSON.stringify(changes.model) })
    if (changes.askForUsage && this.#wish.kind !== 'asked') edits.push(addWish(this.#object, this.#wish))
    return edits.length === 0 ? this.#bytes : splice(this.#bytes, edits)
  }

  #findPointers(): readonly string[] | undefined {
    const { pointer } = this.#shape
    const at = pointer === undefined ? undefined : this.#object.members[pointer]
    const own = isGiven(this.#latin1, at) ? [readText(pointer as string, this.#bytes, this.#latin1, at)] : none
    const within = pointedIds(this.#latin1, this.#shape, () => this.#latin1.includes('\\u00') && hidesNames.test(this.#latin1))
    return own.length + within.length === 0 ? undefined : [...own, ...within]
  }
}
const none: readonly string[] = []

const namesByShape = new WeakMap<RequestShape, readonly string[]>()

/** Of the members of the body itself: what stands further in is looked for there. */
function namesOf(shape: RequestShape): readonly string[] {
  const known = namesByShape.get(shape)
  if (known) return known
  const { outputLimits = [], choices = [], takesUsageWish, namesNoModel, pointer, detaches } = shape
  const { answersEach, dearerBy = {}, otherModels = [] } = shape
  const counts = [...outputLimits, ...choices].map((path) => path.split('.')[0] ?? path)
  const some = [takesUsageWish && 'stream_options', pointer, detaches, answersEach]
  const others = [...some.filter((name) => typeof name === 'string'), ...Object.keys(dearerBy), ...otherModels]
  const names = [...new Set([...(namesNoModel ? [] : ['model', 'stream']), ...counts, ...others])]
  namesByShape.set(shape, names)
  return names
}

function readAsked(text: string, object: ScannedObject<string>, shape: RequestShape): Asked {
  const { outputLimits = [], choices = [], mediaMarks = [], openEndedMarks = [] } = shape
  const limit = largest(text, object, outputLimits)
  const mostOutputTokens = limit === 'unclear' || limit === 0 ? undefined : limit // who leaves out what is zero takes it for no limit
  const wanted = largest(text, object, choices)
  const answers = answersOf(text, object, shape)
  const isUnbounded = wanted === 'unclear' || namesOthers(text, object, shape) || isDearer(text, object, shape)
  return {
    inputBytes: text.length,
    ...(mostOutputTokens === undefined ? {} : { mostOutputTokens }),
    ...(wanted === 'unclear' || (wanted === undefined && answers === 1) ? {} : { choices: (wanted ?? 1) * answers }),
    ...(wanted === 'unclear' ? { isAnyNumber: true as const } : {}),
    hasMedia: mediaMarks.some((mark) => text.includes(mark)),
    isOpenEnded: isUnbounded || openEndedMarks.some((mark) => text.includes(mark)) || hidesNames.test(text),
  }
}

/** Unclear: one of them is no whole number, and a provider may take it in a way of its own. */
function largest(text: string, object: ScannedObject<string>, paths: readonly string[]): number | 'unclear' | undefined {
  let most: number | undefined
  for (const path of paths) {
    const [name = '', inner] = path.split('.')
    const outer = object.members[name]
    if (!isGiven(text, outer)) continue
    const member = inner === undefined ? outer : scanObject(text, outer.start, [inner], `The field ${name}`).members[inner]
    if (!isGiven(text, member)) continue
    const count = readCount(text, member)
    if (count === undefined) return 'unclear'
    most = Math.max(most ?? 0, count)
  }
  return most
}

function answersOf(text: string, { members }: ScannedObject<string>, { answersEach }: RequestShape): number {
  const list = answersEach === undefined ? undefined : members[answersEach]
  const value = list ? text.slice(list.start, list.end) : ''
  return value.startsWith('[') && !/^\[[\s\d,]*\]$/.test(value) ? Math.max(1, countElements(value)) : 1
}

const namesOthers = (text: string, { members }: ScannedObject<string>, { otherModels = [] }: RequestShape) =>
  otherModels.some((name) => isGiven(text, members[name]))

function isDearer(text: string, { members }: ScannedObject<string>, { dearerBy = {} }: RequestShape): boolean {
  return Object.entries(dearerBy).some(([name, usual]) => {
    const member = members[name]
    return isGiven(text, member) && !usual.some((value) => text.slice(member.start, member.end) === `"${value}"`)
  })
}

const isGiven = (text: string, member: Member | undefined): member is Member => member !== undefined && !isNull(text, member)
const isNull = (text: string, { start }: Member) => text.startsWith('null', start)

/** Letters written as escapes: no client does it but one that wants a name not to be found. */
const hidesNames = /(?<!\\)(?:\\\\)*\\u00(?:3\d|4[1-9a-f]|5[\daf]|6[1-9a-f]|7[\da])/i

function readCount(text: string, member: Member): number | undefined {
  if (text.charCodeAt(member.start) === quote) return undefined
  const count = Number(text.slice(member.start, member.end))
  return Number.isSafeInteger(count) && count >= 0 ? count : undefined
}
const quote = 34

/** No database keeps a NUL, and half a sign cannot be sent. */
const unwritable = /[\p{Cc}\p{Cs}]/u

function readText(name: string, bytes: Buffer, text: string, { start, end }: Member): string {
  const isPlain = text.charCodeAt(start) === 34 && /^[!#-[\]-~]+$/.test(text.slice(start + 1, end - 1))
  const value: unknown = isPlain ? text.slice(start + 1, end - 1) : parse(bytes.toString('utf8', start, end))
  if (typeof value !== 'string' || value.trim() === '' || value.length > longestText || unwritable.test(value))
    throw httpErrors.invalid({ message: `The field ${name} is no text, or too long.`, hint: lookAt })
  return value
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw httpErrors.bad_request({ cause })
  }
}

function readFlag(name: string, literal: string | undefined): boolean {
  if (literal === 'true') return true
  if (literal === undefined || literal === 'false' || literal === 'null') return false
  throw httpErrors.invalid({ message: `The field ${name} is neither true nor false.`, hint: lookAt })
}

const wishForUsage = '"include_usage":true'

const asIsAsked: UsageWish = { kind: 'asked' }

type UsageWish =
  | { kind: 'asked' }
  | { kind: 'absent' }
  /** Options that are null, or a wish that says no. */
  | { kind: 'instead'; of: Member; text: string }
  | { kind: 'within'; options: ScannedObject<'include_usage'> }

function findUsageWish(text: string, member: Member | undefined): UsageWish {
  if (!member) return { kind: 'absent' }
  if (text.slice(member.start, member.end) === 'null') return { kind: 'instead', of: member, text: `{${wishForUsage}}` }
  const options = scanObject(text, member.start, ['include_usage'], 'The field stream_options')
  const { include_usage: given } = options.members
  if (!given) return { kind: 'within', options }
  const isAsked = readFlag('include_usage', text.slice(given.start, given.end))
  return isAsked ? asIsAsked : { kind: 'instead', of: given, text: 'true' }
}

function addWish(object: ScannedObject<string>, usage: Exclude<UsageWish, { kind: 'asked' }>): Edit {
  if (usage.kind === 'absent') return { start: object.closes, end: object.closes, text: `,"stream_options":{${wishForUsage}}` }
  if (usage.kind === 'within') {
    const { closes, isEmpty } = usage.options
    return { start: closes, end: closes, text: isEmpty ? wishForUsage : `,${wishForUsage}` }
  }
  return { start: usage.of.start, end: usage.of.end, text: usage.text }
}
