import type { Tx } from '../../platform/database/database.ts'

/*
 * Messages a day, of what a person sends to tasks and chats. Not a quota of calls: what counts is rows that rooms keep, and
 * one that is deleted gives its place back. So a room says how to count them, and whoever sends asks here before.
 */

export interface MessageLimit {
  readonly allowed: boolean
  readonly remaining: number
  readonly used: number
  readonly total: number
  /** The next midnight of UTC. */
  readonly resetAt: string
}

/** What rooms of other systems answer with 429, for clients that read it. */
interface MessageLimitBody {
  readonly error: 'Rate limit exceeded'
  readonly message: string
  readonly remaining: number
  readonly total: number
  readonly resetAt: string
}

const most = 1_000_000

/**
 * @param countSince how many messages a person has sent since then, as the room counts them
 * @param maxMessagesPerDay for whom an operator granted no other number in `settings`
 */
export async function readMessageLimit(
  tx: Tx,
  userId: string,
  { countSince, maxMessagesPerDay, nowMs }: { countSince: (since: Date) => Promise<number>; maxMessagesPerDay: number; nowMs: number },
): Promise<MessageLimit> {
  const midnight = new Date(nowMs).setUTCHours(0, 0, 0, 0)
  const granted = await tx
    .selectFrom('settings')
    .select('value')
    .where('user_id', '=', userId)
    .where('key', '=', 'maxMessagesPerDay')
    .executeTakeFirst()
  const total = readNumber(granted?.value) ?? maxMessagesPerDay
  const used = await countSince(new Date(midnight))
  return {
    allowed: used < total,
    remaining: Math.max(0, total - used),
    used,
    total,
    resetAt: new Date(midnight + 24 * 60 * 60 * 1_000).toISOString(),
  }
}

/** What is no number grants nothing. */
function readNumber(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,7}$/.test(value.trim()) ? Math.min(Number(value), most) : undefined
}

/** @param act a new task, or a message in one that goes on */
export function messageLimitBody({ remaining, total, resetAt }: MessageLimit, act: 'begin' | 'continue'): MessageLimitBody {
  const message =
    act === 'begin'
      ? 'You have reached your daily message limit. Please try again later.'
      : `You have reached the daily limit of ${total} messages (tasks + follow-ups). Your limit will reset at ${resetAt}`
  return { error: 'Rate limit exceeded', message, remaining, total, resetAt }
}
