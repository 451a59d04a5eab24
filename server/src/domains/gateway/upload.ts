import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { AppError } from '../../base/errors.ts'
import { httpErrors } from '../../platform/http/errors.ts'
import { notePassed } from './passed-bytes.ts'

/** Looks at each piece on its way. @throws an AppError to end it */
export interface Onlooker {
  push(piece: Buffer): void
}

/**
 * The body of a request on its way to a provider, piece by piece: nothing of it is kept, and the client is asked for
 * more only when the provider takes more.
 */
export class Upload {
  /** Why it could not be brought to its end: that was the client, and not the provider. */
  fault: AppError | undefined
  lastPieceMs = performance.now()
  /** As the client told it; of several there can be only one. */
  readonly lengthBytes: number | undefined
  /** By how much a change of the head lengthens it. */
  growsBy = 0
  readonly #source: IncomingMessage
  readonly #mostBytes: number
  readonly #onlooker: Onlooker | undefined
  #head: Buffer[] = []
  #bytes = 0

  constructor(source: IncomingMessage, { mostBytes, onlooker }: { mostBytes: number; onlooker?: Onlooker }) {
    this.#source = source
    this.#mostBytes = mostBytes
    this.#onlooker = onlooker
    const length = source.headers['content-length']
    this.lengthBytes = length === undefined ? undefined : Number(length)
    requireRoom(source, mostBytes)
  }

  /** Takes in the beginning. Comes back when that is enough, or so long, or all there is. */
  async readHead(isEnough: () => boolean, mostBytes: number): Promise<void> {
    for await (const piece of this.#pieces()) {
      this.#head.push(piece)
      if (this.#bytes >= mostBytes || isEnough()) return
    }
  }

  /** @param change of the bytes of the head */
  stream(change: (head: Buffer) => Buffer = (head) => head): Readable {
    return Readable.from(this.#rest(change), { objectMode: false })
  }

  /** All of it. */
  async bytes(): Promise<Buffer> {
    for await (const piece of this.#pieces()) this.#head.push(piece)
    return Buffer.concat(this.#head)
  }

  async *#rest(change: (head: Buffer) => Buffer): AsyncGenerator<Buffer> {
    if (this.#head.length > 0) yield change(Buffer.concat(this.#head))
    this.#head = []
    yield* this.#pieces()
  }

  async *#pieces(): AsyncGenerator<Buffer> {
    try {
      for await (const piece of this.#source.iterator({ destroyOnReturn: false })) {
        this.lastPieceMs = performance.now()
        this.#bytes += piece.length
        notePassed(piece.length)
        if (this.#bytes > this.#mostBytes) throw httpErrors.too_large()
        this.#onlooker?.push(piece)
        yield piece
      }
    } catch (cause) {
      this.fault = isKnown(cause) ? cause : httpErrors.bad_request({ cause })
      throw this.fault
    }
  }
}

/** Before anything is read. */
export function requireRoom({ headers }: IncomingMessage, mostBytes: number) {
  if (Number(headers['content-length'] ?? 0) > mostBytes) throw httpErrors.too_large()
}

const isKnown = (error: unknown): error is AppError => typeof (error as AppError).status === 'number'
