import { httpErrors } from '../../platform/http/errors.ts'
import type { RequestShape } from './operations/operation.ts'
import { type Member, type ScannedObject, scanObject, skipBlanks } from './scan-object.ts'

/** A call, as far as the gateway must know it. The rest is the provider's. */
export interface CallRequest {
  readonly model: string
  readonly streams: boolean
  /** A stream that tells its usage only if it is asked to, and is not. */
  readonly lacksUsageWish: boolean
  readonly asked: Asked
  /** What the input may come to in tokens; absent where images or sounds stand in it. */
  readonly estimatedInputTokens: number | undefined
  /** The same bytes, but for the name of the model and the wish for usage. */
  rewritten(changes: { model: string; askForUsage: boolean }): Buffer
}

/** What bounds the cost of a call. */
interface Asked {
  readonly inputBytes: number
  /** Absent where no limit was named, or none that is a whole number. Of two, the larger. */
  readonly mostOutputTokens?: number
  /** Absent: one. */
  readonly choices?: number
  /** Whether there are images, sounds or files in it, or what the provider keeps and the body only points to. */
  readonly hasMedia: boolean
}

const lookAt = 'Look at model, stream and stream_options; the rest is the provider’s to judge.'
/** The ledger keeps no longer one. */
const longestModel = 200
const bytesPerToken = 4

export function readJsonRequest(bytes: Buffer, shape: RequestShape): CallRequest {
  const text = bytes.toString('latin1')
  const object = scanObject(text, 0, namesOf(shape))
  if (skipBlanks(text, object.closes + 1) !== text.length) throw httpErrors.bad_request()
  const { model: modelAt, stream, stream_options: options } = object.members
  if (!modelAt) throw httpErrors.invalid({ message: 'The body names no model.', hint: lookAt })
  const model = readModel(bytes, text, modelAt)
  const streams = readFlag('stream', stream && text.slice(stream.start, stream.end))
  const wish = streams && shape.takesUsageWish ? findUsageWish(text, options) : ({ kind: 'asked' } as const)
  const asked = readAsked(text, object, shape)

  return {
    model,
    streams,
    lacksUsageWish: wish.kind !== 'asked',
    asked,
    estimatedInputTokens: asked.hasMedia ? undefined : Math.ceil(bytes.length / bytesPerToken),
    rewritten(changes) {
      const edits: Edit[] = []
      if (changes.model !== model) edits.push({ start: modelAt.start, end: modelAt.end, text: JSON.stringify(changes.model) })
      if (changes.askForUsage && wish.kind !== 'asked') edits.push(addWish(object, wish))
      return edits.length === 0 ? bytes : splice(bytes, edits)
    },
  }
}

const namesByShape = new WeakMap<RequestShape, readonly string[]>()

function namesOf(shape: RequestShape): readonly string[] {
  const known = namesByShape.get(shape)
  if (known) return known
  const { outputLimits = [], choices, takesUsageWish } = shape
  const names = ['model', 'stream', ...outputLimits, ...(choices ? [choices] : []), ...(takesUsageWish ? ['stream_options'] : [])]
  namesByShape.set(shape, names)
  return names
}

function readAsked(text: string, { members }: ScannedObject<string>, { outputLimits = [], choices, mediaMarks = [] }: RequestShape): Asked {
  const limits = outputLimits.map((name) => readCount(text, members[name])).filter((count) => count !== undefined)
  const wanted = choices === undefined ? undefined : readCount(text, members[choices])
  return {
    inputBytes: text.length,
    ...(limits.length > 0 ? { mostOutputTokens: Math.max(...limits) } : {}),
    ...(wanted === undefined ? {} : { choices: wanted }),
    hasMedia: mediaMarks.some((mark) => text.includes(mark)),
  }
}

/** What is no whole number is no bound: the provider may take it in a way of its own. */
function readCount(text: string, member: Member | undefined): number | undefined {
  if (!member || text.charCodeAt(member.start) === quote) return undefined
  const count = Number(text.slice(member.start, member.end))
  return Number.isSafeInteger(count) && count >= 0 ? count : undefined
}
const quote = 34

function readModel(bytes: Buffer, text: string, { start, end }: Member): string {
  const isPlain = text.charCodeAt(start) === 34 && /^[!#-[\]-~]+$/.test(text.slice(start + 1, end - 1))
  const model: unknown = isPlain ? text.slice(start + 1, end - 1) : parse(bytes.toString('utf8', start, end))
  if (typeof model !== 'string' || model.trim() === '' || model.length > longestModel)
    throw httpErrors.invalid({ message: 'The name of the model is no text, or too long.', hint: lookAt })
  return model
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

type UsageWish =
  | { kind: 'asked' }
  | { kind: 'absent' }
  /** Options that are null, or a wish that says no. */
  | { kind: 'instead'; of: Member; text: string }
  | { kind: 'within'; options: ScannedObject<'include_usage'> }

function findUsageWish(text: string, member: Member | undefined): UsageWish {
  if (!member) return { kind: 'absent' }
  if (text.slice(member.start, member.end) === 'null') return { kind: 'instead', of: member, text: `{${wishForUsage}}` }
  const options = scanObject(text, member.start, ['include_usage'])
  const { include_usage: given } = options.members
  if (!given) return { kind: 'within', options }
  const isAsked = readFlag('include_usage', text.slice(given.start, given.end))
  return isAsked ? { kind: 'asked' } : { kind: 'instead', of: given, text: 'true' }
}

interface Edit {
  start: number
  end: number
  text: string
}

function addWish(object: ScannedObject<string>, usage: Exclude<UsageWish, { kind: 'asked' }>): Edit {
  if (usage.kind === 'absent') return { start: object.closes, end: object.closes, text: `,"stream_options":{${wishForUsage}}` }
  if (usage.kind === 'within') {
    const { closes, isEmpty } = usage.options
    return { start: closes, end: closes, text: isEmpty ? wishForUsage : `,${wishForUsage}` }
  }
  return { start: usage.of.start, end: usage.of.end, text: usage.text }
}

function splice(bytes: Buffer, edits: readonly Edit[]): Buffer {
  const parts: Buffer[] = []
  let at = 0
  for (const { start, end, text } of edits.toSorted((a, b) => a.start - b.start)) {
    parts.push(bytes.subarray(at, start), Buffer.from(text))
    at = end
  }
  return Buffer.concat([...parts, bytes.subarray(at)])
}
