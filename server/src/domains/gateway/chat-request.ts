import { httpErrors } from '../../platform/http/errors.ts'
import { type Member, type ScannedObject, scanObject, skipBlanks } from './scan-object.ts'

/** The body of a call, and of it what the gateway must know. The rest is the provider's. */
export interface ChatRequest {
  readonly bytes: Buffer
  readonly model: string
  readonly streams: boolean
  /** Whether the client wants the usage of a stream itself. */
  readonly asksForUsage: boolean
  /** What the input may come to in tokens; absent where images or sounds stand in it. */
  readonly estimatedInputTokens: number | undefined
  /** The same bytes, but for the name of the model and the wish for usage. */
  rewritten(changes: { model: string; askForUsage: boolean }): Buffer
}

const lookAt = 'Look at model, stream and stream_options; the rest is the provider’s to judge.'
const longestModel = 256
const bytesPerToken = 4

export function readChatRequest(bytes: Buffer): ChatRequest {
  const text = bytes.toString('latin1')
  const object = scanObject(text, 0, ['model', 'stream', 'stream_options'])
  if (skipBlanks(text, object.closes + 1) !== text.length) throw httpErrors.bad_request()
  const { model: modelAt, stream, stream_options: options } = object.members
  if (!modelAt) throw httpErrors.invalid({ message: 'The body names no model.', hint: lookAt })
  const model = readModel(bytes, text, modelAt)
  const streams = readFlag('stream', stream && text.slice(stream.start, stream.end))
  const usage = streams ? findUsageWish(text, options) : ({ kind: 'asked' } as const)

  return {
    bytes,
    model,
    streams,
    asksForUsage: usage.kind === 'asked',
    estimatedInputTokens: text.includes(';base64,') ? undefined : Math.ceil(bytes.length / bytesPerToken),
    rewritten(changes) {
      const edits: Edit[] = []
      if (changes.model !== model) edits.push({ start: modelAt.start, end: modelAt.end, text: JSON.stringify(changes.model) })
      if (changes.askForUsage && usage.kind !== 'asked') edits.push(addWish(object, usage))
      return edits.length === 0 ? bytes : splice(bytes, edits)
    },
  }
}

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

const wish = '"include_usage":true'

type UsageWish =
  | { kind: 'asked' }
  | { kind: 'absent' }
  /** Options that are null, or a wish that says no. */
  | { kind: 'instead'; of: Member; text: string }
  | { kind: 'within'; options: ScannedObject<'include_usage'> }

function findUsageWish(text: string, member: Member | undefined): UsageWish {
  if (!member) return { kind: 'absent' }
  if (text.slice(member.start, member.end) === 'null') return { kind: 'instead', of: member, text: `{${wish}}` }
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
  if (usage.kind === 'absent') return { start: object.closes, end: object.closes, text: `,"stream_options":{${wish}}` }
  if (usage.kind === 'within') {
    const { closes, isEmpty } = usage.options
    return { start: closes, end: closes, text: isEmpty ? wish : `,${wish}` }
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
