import type { Clock } from '../../base/clock.ts'
import { uuidV7 } from '../../base/uuid.ts'
import type { Call } from './call.ts'

/*
 * Whoever makes many calls that are alike has places reserved for the next ones while they still make the first: so a hard
 * limit costs a call no commit of its own. The limit holds all the same, for a place is as much as a call of its kind may
 * use, and it is reserved before it is given to one.
 *
 * Advances are short, a quarter of a second, and never more than an eighth of what is left: a limit that is changed counts
 * at once, and no call is refused for want of what is reserved for calls that do not come.
 */

/** An intent of many calls at once: its id is the advance's, all else that of one of them. */
export interface Wish extends Call {
  places: number
}

export interface FreePlaces {
  readonly id: string
  /** Undefined: all there are. */
  readonly places: number | undefined
}

interface Lender {
  /** @returns how many places there are, of those that are wanted when it is sent */
  open(wish: Wish): Promise<number>
  giveBack(free: readonly FreePlaces[]): Promise<void>
}

const lastsMs = 250
/** As many are asked for as come in so long: of a process that is killed, more is not lost to the limit. */
const paceMs = 16
/** And a few more for whoever is slower than that, as many as come while an advance lasts: or each call would ask for the next. */
const fewest = 4
const mostSpare = 128
const mostPlaces = 1_000
/** Whoever has not called for so long calls for the first time. */
const warmMs = 100
/** Where there was no room, it is not asked for again at once. */
const scarceMs = 1_000
/** A wish that nobody answered may still be granted, by a server that was only slow. */
const doubtfulMs = 60_000
/** Whoever was refused waits for what others give back: so long at most. */
const usedUpMs = 1_000
const mostTold = 500
const dayMs = 86_400_000

interface Advance {
  readonly id: string
  readonly places: number
  readonly untilMs: number
  /** No place is used in another window than it was reserved in. */
  readonly day: number
  free: number
  /** When the first of its places could be drawn. */
  begunMs: number
}

/** Calls that are alike: one may use the place of another. */
interface Kind {
  readonly name: string
  readonly userId: string
  readonly isOfOperator: boolean
  current: Advance | undefined
  /** Asked for before the current one was used up, so that nobody waits. */
  next: Advance | undefined
  /** How many more are asked for than calls wait. */
  spare: number
  calledMs: number
  notBeforeMs: number
  wish: Wish | undefined
  answer: Promise<void> | undefined
}

/** Who uses them, and whether the operator pays. */
type Whose = Pick<Kind, 'userId' | 'isOfOperator'>

export class Advances {
  readonly #lender: Lender
  readonly #clock: Clock
  readonly #kinds = new Map<string, Kind>()
  #free: FreePlaces[] = []
  /** Wishes that nobody answered, and until when they are taken back again and again. */
  #doubtful: { readonly id: string; readonly untilMs: number }[] = []
  /** Those of which the database does not know that nothing of them is free. */
  #usedUp: { readonly id: string; readonly kind: Whose; readonly untilMs: number }[] = []
  #telling: Promise<boolean> = Promise.resolve(true)
  #following: Promise<boolean> | undefined

  constructor(lender: Lender, clock: Clock) {
    this.#lender = lender
    this.#clock = clock
  }

  /** Whether the call has a place now. If not, it reserves for itself. Rejected where the database is away. */
  take(call: Call): boolean | Promise<boolean> {
    if (call.mostInputTokens === undefined) return false // nobody knows how much to reserve
    const kind = this.#kindOf(call)
    const nowMs = performance.now()
    const isCold = nowMs - kind.calledMs > warmMs
    kind.calledMs = nowMs
    if (this.#draw(kind, call, nowMs)) return true
    if (!kind.wish && (isCold || nowMs < kind.notBeforeMs)) return false
    return this.#await(kind, call)
  }

  /** Nobody knows what became of a wish that was sent. */
  doubt(id: string) {
    this.#doubtful.push({ id, untilMs: performance.now() + doubtfulMs })
  }

  /** Gives back what is free of advances that are over. To be done every now and then. */
  async tidy(): Promise<void> {
    const nowMs = performance.now()
    this.#usedUp = this.#usedUp.filter(({ untilMs }) => untilMs > nowMs)
    for (const kind of this.#kinds.values()) {
      if (kind.current && kind.current.untilMs <= nowMs) this.#close(kind)
      if (!kind.wish && !kind.current && nowMs - kind.calledMs > scarceMs) this.#kinds.delete(kind.name)
    }
    await this.#tell()
  }

  /** Gives back all that is free, or some of it. @returns whether the database knows */
  giveBack(isMeant: (whose: Whose) => boolean = () => true): Promise<boolean> {
    for (const kind of this.#kinds.values()) if (isMeant(kind)) this.#close(kind)
    for (const { id, kind } of this.#usedUp) if (isMeant(kind)) this.#free.push({ id, places: 0 })
    this.#usedUp = this.#usedUp.filter(({ kind }) => !isMeant(kind))
    return this.#tell()
  }

  /** One at a time: what one could not tell, the one behind it does. All who come meanwhile share that. */
  #tell(): Promise<boolean> {
    this.#following ??= this.#telling.then(() => {
      this.#following = undefined
      this.#telling = this.#tellAll()
      return this.#telling
    })
    return this.#following
  }

  async #tellAll(): Promise<boolean> {
    const nowMs = performance.now()
    this.#doubtful = this.#doubtful.filter(({ untilMs }) => untilMs > nowMs)
    const all = [...this.#free.splice(0), ...this.#doubtful.map(({ id }) => ({ id, places: undefined }))]
    for (let told = 0; told < all.length; told += mostTold) {
      try {
        await this.#lender.giveBack(all.slice(told, told + mostTold))
      } catch {
        this.#free.push(...all.slice(told).filter(({ places }) => places !== undefined))
        return false
      }
    }
    return true
  }

  #kindOf(call: Call): Kind {
    const { userId, provider, model, credentialSource, keyId, mostOutputTokens, mostChoices, mostImages, mostCostUsd } = call
    const mostInputTokens = inputOf(call)
    const name = `${userId} ${keyId} ${credentialSource} ${provider} ${mostInputTokens} ${mostOutputTokens} ${mostChoices} ${mostImages} ${mostCostUsd} ${model}`
    let kind = this.#kinds.get(name)
    if (!kind) {
      const never = Number.NEGATIVE_INFINITY
      kind = {
        name,
        userId,
        isOfOperator: credentialSource === 'server-key' || credentialSource === 'team-gateway',
        current: undefined,
        next: undefined,
        spare: 1,
        calledMs: never,
        notBeforeMs: never,
        wish: undefined,
        answer: undefined,
      }
      this.#kinds.set(name, kind)
    }
    return kind
  }

  #draw(kind: Kind, call: Call, nowMs: number): boolean {
    const { current } = kind
    if (!current) return false
    if (nowMs >= current.untilMs || Math.floor(call.startedAtMs / dayMs) !== current.day) {
      this.#close(kind)
      return false
    }
    call.advanceId = current.id
    if (--current.free === 0) {
      kind.spare = paceOf(current, nowMs)
      this.#usedUp.push({ id: current.id, kind, untilMs: nowMs + usedUpMs })
      kind.current = kind.next
      kind.next = undefined
      if (kind.current) kind.current.begunMs = nowMs
    }
    if (!kind.next && !kind.wish && nowMs >= kind.notBeforeMs && (kind.current?.free ?? 0) <= current.places >> 1) {
      kind.answer = this.#ask(kind, call, kind.spare)
      kind.answer.catch(() => {}) // whoever needs it asks again, and is told then
    }
    return true
  }

  async #await(kind: Kind, call: Call): Promise<boolean> {
    if (kind.wish) kind.wish.places = Math.min(kind.wish.places + 1, mostPlaces)
    else kind.answer = this.#ask(kind, call, 1 + kind.spare)
    await kind.answer
    return this.#draw(kind, call, performance.now())
  }

  async #ask(kind: Kind, call: Call, places: number): Promise<void> {
    const askedMs = performance.now()
    const askedAtMs = this.#clock()
    const wish = { ...call, id: uuidV7(askedAtMs), mostInputTokens: inputOf(call), advanceId: undefined, places }
    kind.wish = wish
    try {
      const free = await this.#lender.open(wish)
      const nowMs = performance.now()
      if (free === 0) {
        kind.notBeforeMs = nowMs + scarceMs
        return
      }
      // Those who waited for it draw at once, however long it took.
      const untilMs = Math.max(askedMs + lastsMs, nowMs + 10)
      const advance = { id: wish.id, places: free, free, begunMs: nowMs, untilMs, day: Math.floor(askedAtMs / dayMs) }
      if (kind.current) kind.next = advance
      else kind.current = advance
    } finally {
      kind.wish = undefined
    }
  }

  #close(kind: Kind) {
    if (!kind.current) return
    kind.spare = paceOf(kind.current, performance.now())
    for (const { id, free } of [kind.current, ...(kind.next ? [kind.next] : [])]) this.#free.push({ id, places: free })
    kind.current = kind.next = undefined
  }
}

function paceOf({ places, free, begunMs }: Advance, nowMs: number): number {
  const perMs = (places - free) / Math.max(1, nowMs - begunMs)
  return Math.min(mostSpare, Math.max(1, Math.ceil(perMs * paceMs), Math.min(fewest, Math.floor(perMs * lastsMs))))
}

/** What the operator set is one bound as it is. */
const inputOf = ({ mostInputTokens = 0, mostCostUsd }: Call) => (mostCostUsd === undefined ? roundUp(mostInputTokens) : mostInputTokens)

/** By an eighth at most, so that prompts of nearly the same length are alike. What the database understands as everything stays that. */
function roundUp(tokens: number): number {
  if (tokens <= 8 || tokens > 2 ** 30) return tokens
  const step = 2 ** (Math.floor(Math.log2(tokens)) - 3)
  return Math.ceil(tokens / step) * step
}
