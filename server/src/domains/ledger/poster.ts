import { setTimeout as sleep } from 'node:timers/promises'

/*
 * What was noted is posted to the books soon after, many notes at once, and one post at a time. Nobody waits for it but
 * those who must know exactly.
 */

export interface Posted {
  /** Notes that were taken from the journal. */
  readonly taken: number
  /** Calls that had been presumed lost and were heard of late. */
  readonly lowered: number
  /** Ends that could not be posted, and are kept aside. */
  readonly faulty: number
}

export interface Poster {
  /** Something was noted. */
  noted(): void
  /** Resolves when all that was noted before, by whatever process, has been posted. */
  now(): Promise<void>
  /** Nothing is posted by itself from here on. */
  stop(): void
}

/** A post takes as long as its calls need; those that wait for the same cores or limits wait no longer than that. */
const mostNotes = 50
/** A thousand calls in one statement cost PostgreSQL half of what they cost in fifty. Nobody waits for it who does not ask. */
const pauseMs = 200
const pauseAfterTroubleMs = 1_000

/** @param post so many notes, and waits for those that another process posts, if asked to */
export function createPoster(
  post: (mostNotes: number, waits: boolean) => Promise<Posted>,
  told: { posted(posted: Posted): void; failed(error: unknown): void },
): Poster {
  let isOwed = false
  let isPosting = false
  let isStopped = false
  /** The newest post for those who wait, and the one that will follow it. */
  let underWay: Promise<void> = Promise.resolve()
  let following: Promise<void> | undefined

  async function postAll(waits: boolean): Promise<void> {
    for (let taken = mostNotes; taken === mostNotes; ) {
      const posted = await post(mostNotes, waits)
      taken = posted.taken
      if (taken > 0) told.posted(posted)
    }
  }

  async function work() {
    isPosting = true
    for (let pause = pauseMs; isOwed && !isStopped; ) {
      await sleep(pause, undefined, { ref: false })
      if (isStopped) break
      isOwed = false
      try {
        await postAll(false)
        pause = pauseMs
      } catch (error) {
        isOwed = true
        pause = pauseAfterTroubleMs
        told.failed(error)
      }
    }
    isPosting = false
  }

  return {
    noted() {
      isOwed = true
      if (!isPosting) void work()
    },
    // One that has begun may have missed what was noted since; all who come meanwhile share the one behind it.
    now() {
      following ??= underWay.then(ignored, ignored).then(() => {
        following = undefined
        underWay = postAll(true)
        return underWay
      })
      return following
    },
    stop() {
      isStopped = true
    },
  }
}

const ignored = () => {}
