import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Logger } from 'pino'
import type { Clock } from '../../base/clock.ts'
import { openSocket } from '../egress/known-sockets.ts'

/*
 * What other processes changed, by LISTEN and NOTIFY on one connection of its own (keyloft.signal_change sends).
 *
 * Signals are lost while nobody listens, and a connection may be dead without saying so. So the listener sends itself
 * an echo every second: who has heard none for three seconds does not know what has changed, and says so (isLive). Who
 * remembers things asks that first. After a gap everything that is remembered is forgotten (a key of undefined).
 *
 * Any login may NOTIFY, so a signal makes processes forget and is never believed.
 */

export interface Signals {
  /** Whether changes are heard at the moment. Where they are not, what is remembered may be out of date. */
  isLive(): boolean
  /** @param forget is given the key that changed, or undefined where anything may have */
  onChanged(topic: string, forget: (key: string | undefined) => void): void
}

/** For a process that hears of nothing, and so remembers as little as it can. */
export const deaf: Signals = { isLive: () => false, onChanged: () => {} }

export interface SignalListener extends Signals {
  start(): void
  stop(): Promise<void>
}

export interface SignalOptions {
  /** Past any transaction pooler: LISTEN belongs to a session. */
  databaseUrl: string
  clock: Clock
  log: Pick<Logger, 'info' | 'warn'>
}

const channel = 'keyloft'
const echoEveryMs = 1_000
const liveMs = 3_000
/** A connection that answers nothing for so long is dead. */
const deadMs = 5_000
const reconnectMs = 500
const form = /^([a-z][a-z-]{0,39}) (\S{1,200})$/

export function createSignals({ databaseUrl, clock, log }: SignalOptions): SignalListener {
  const echoChannel = `keyloft_echo_${randomUUID().replaceAll('-', '')}`
  const forgetters = new Map<string, ((key: string | undefined) => void)[]>()
  const stopping = new AbortController()
  let echoedAtMs = Number.NEGATIVE_INFINITY
  let isHeard: boolean | undefined
  let running: Promise<void> | undefined

  function hear({ channel: on, payload = '' }: pg.Notification) {
    if (on === echoChannel) {
      echoedAtMs = clock()
      return notice(true)
    }
    const [, topic = '', key] = form.exec(payload) ?? []
    for (const forget of forgetters.get(topic) ?? []) forget(key)
  }

  function forgetAll() {
    for (const all of forgetters.values()) for (const forget of all) forget(undefined)
  }

  function notice(now: boolean) {
    if (now === isHeard) return
    if (!now && !stopping.signal.aborted) log.warn('changes of other processes are not heard; what is remembered is asked again')
    if (now && isHeard === false) log.info('changes of other processes are heard again')
    isHeard = now
  }

  /** Until the connection is lost. */
  async function listen() {
    const socket = openSocket()
    const client = new pg.Client({
      connectionString: databaseUrl,
      stream: () => socket,
      application_name: 'keyloft signals',
      connectionTimeoutMillis: deadMs,
      query_timeout: deadMs,
      keepAlive: true,
    })
    const end = () => void socket.destroy()
    const lost = new Promise<void>((resolve) => {
      client.once('end', resolve)
      socket.once('close', () => resolve())
    })
    client.on('error', () => {}) // and then it ends
    client.on('notification', hear)
    stopping.signal.addEventListener('abort', end, { once: true })
    try {
      await client.connect()
      await client.query(`listen ${channel}; listen ${echoChannel}`)
      forgetAll() // nobody listened until now
      const echo = () => void client.query({ text: `select pg_notify($1, '')`, values: [echoChannel] }).catch(end)
      echo()
      const echoing = setInterval(echo, echoEveryMs)
      await lost
      clearInterval(echoing)
    } finally {
      stopping.signal.removeEventListener('abort', end)
      echoedAtMs = Number.NEGATIVE_INFINITY
      end()
    }
  }

  async function keepListening() {
    while (!stopping.signal.aborted) {
      await listen().catch(() => {})
      notice(false)
      await sleep(reconnectMs, undefined, { signal: stopping.signal }).catch(() => {})
    }
  }

  return {
    isLive: () => clock() - echoedAtMs < liveMs,
    onChanged(topic, forget) {
      forgetters.set(topic, [...(forgetters.get(topic) ?? []), forget])
    },
    start() {
      running ??= keepListening()
    },
    async stop() {
      stopping.abort()
      await running
    },
  }
}
