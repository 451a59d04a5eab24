import type { Readable } from 'node:stream'
import type { Upload } from './upload.ts'

/** A call, as far as the gateway must know it. The rest is the provider's. */
export interface CallRequest {
  /** Absent: none is named. */
  readonly model: string | undefined
  readonly streams: boolean
  /** A stream that tells its usage only if it is asked to, and is not. */
  readonly lacksUsageWish: boolean
  readonly asked: Asked
  /** The body, where it is text alone: by it the input is estimated. */
  readonly text: Buffer | undefined
  /** Absent: there is no body. */
  readonly contentType?: string | undefined
  /** A body that is on its way through, and cannot be sent a second time. */
  readonly upload?: Upload
  /** What such a body turned out to be for, where the model stands behind the files. */
  readonly lateModel?: () => string | undefined
  /** The ids of what a provider keeps, to which the body points. */
  readonly pointsTo?: readonly string[] | undefined
  /** It may come to be answered by another model than that. */
  readonly namesOtherModels?: boolean | undefined
  /** The provider works on after its answer, unseen. */
  readonly isDetached?: boolean
  /** The body as it goes on: the same bytes, but for the name of the model and the wish for usage. */
  rewritten(changes: { model: string; askForUsage: boolean }): Buffer | Readable | null
}

/** What bounds the cost of a call. */
export interface Asked {
  readonly inputBytes: number
  /** Absent where no limit was named, or none that is a whole number. Of two, the larger. */
  readonly mostOutputTokens?: number
  /** Absent: one. */
  readonly choices?: number
  /** How many are asked for, nobody can tell. */
  readonly isAnyNumber?: true
  /** Whether there are images, sounds or files in it, or what the provider keeps and the body only points to. */
  readonly hasMedia: boolean
  /** Whether the provider reads more than it is sent, as where it searches or runs something. */
  readonly isOpenEnded?: boolean
}

/** What asks without saying anything. */
export const bodiless = (model?: string): CallRequest => ({
  model,
  streams: false,
  lacksUsageWish: false,
  asked: { inputBytes: 0, hasMedia: false },
  text: Buffer.alloc(0),
  rewritten: () => null,
})

export interface Edit {
  start: number
  end: number
  text: string
}

export function splice(bytes: Buffer, edits: readonly Edit[]): Buffer {
  const parts: Buffer[] = []
  let at = 0
  for (const { start, end, text } of edits.toSorted((a, b) => a.start - b.start)) {
    parts.push(bytes.subarray(at, start), Buffer.from(text))
    at = end
  }
  return Buffer.concat([...parts, bytes.subarray(at)])
}
