import { useEffect, useState } from 'react'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' })
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' })
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto', style: 'long' })

/** In the reader’s zone, exact on hover. */
export function Moment({ at, never = 'never' }: { at: string | null; never?: string }) {
  useTick(30 * SECOND)
  if (at === null) return <>{never}</>
  const date = new Date(at)
  return (
    <time dateTime={at} title={exact.format(date)} style={{ whiteSpace: 'nowrap' }}>
      {tell(date.getTime(), Date.now())}
    </time>
  )
}

function tell(at: number, now: number): string {
  const away = at - now
  const far = Math.abs(away)
  if (far < 45 * SECOND) return away > 0 ? 'in a moment' : 'just now'
  if (far < 45 * MINUTE) return relative.format(Math.round(away / MINUTE), 'minute')
  if (far < 22 * HOUR) return relative.format(Math.round(away / HOUR), 'hour')
  if (far < 14 * DAY) return relative.format(Math.round(away / DAY), 'day')
  return day.format(at)
}

/** Renders again from time to time, so that what is told of time stays true. */
function useTick(everyMs: number) {
  const [, tick] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => tick((count) => count + 1), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
}
