import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Egress } from '../egress/egress.ts'
import { mailErrors } from './errors.ts'

export interface Mail {
  to: string
  subject: string
  /** Plain, and the whole: who reads it sees where its links lead. */
  text: string
}

export interface Mailer {
  /** Hands a mail over and returns at once, so that nobody learns from its time whether there is such an address. */
  send(mail: Mail): void
  /** Waits for what is under way, before the process ends. */
  settle(): Promise<void>
}

export interface Resend {
  apiKey: string
  from: string
  baseUrl: string
}

export interface MailerOptions {
  resend: Resend | undefined
  /** Where mails are put when there is no service; in development alone, because links in them sign people in. */
  folder: string | undefined
  egress: Pick<Egress, 'request' | 'namedByOperator'>
  log: Pick<Logger, 'info' | 'warn' | 'error'>
  /** Between attempts. */
  pausesMs?: readonly number[]
}

/** Links and addresses never reach the log. */
export function createMailer({ resend, folder, egress, log, pausesMs = [1_000, 5_000] }: MailerOptions): Mailer {
  const underWay = new Set<Promise<void>>()
  const deliver = resend ? (mail: Mail) => post(egress, resend, mail) : folder ? (mail: Mail) => put(folder, mail) : undefined
  let isTold = false

  async function attempt(mail: Mail) {
    if (!deliver) {
      if (!isTold) log.warn('a mail was not sent: set RESEND_API_KEY and MAIL_FROM (further ones are not reported)')
      isTold = true
      return
    }
    for (const pause of [...pausesMs, undefined]) {
      try {
        const place = await deliver(mail)
        if (place) log.info({ file: place }, 'a mail was put into a file, because no mail service is set')
        return
      } catch (error) {
        if (pause === undefined) log.error({ reason: (error as Error).message }, 'a mail was not sent')
        else await sleep(pause)
      }
    }
  }

  return {
    send(mail) {
      const sending = attempt(mail).finally(() => underWay.delete(sending))
      underWay.add(sending)
    },
    async settle() {
      await Promise.all(underWay)
    },
  }
}

async function post(egress: MailerOptions['egress'], { apiKey, from, baseUrl }: Resend, { to, subject, text }: Mail): Promise<undefined> {
  const { status } = await egress.request(egress.namedByOperator(new URL('/emails', baseUrl).href), {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ from, to: [to], subject, text }),
    totalTimeoutMs: 15_000,
  })
  if (status < 200 || status > 299) throw mailErrors.refused({ message: `The mail service answered with ${status}.` })
}

let count = 0

async function put(folder: string, { to, subject, text }: Mail): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const file = join(folder, `${new Date().toISOString().replaceAll(':', '-')}-${++count}.txt`)
  await writeFile(file, `To: ${to}\nSubject: ${subject}\n\n${text}\n`, { mode: 0o600, flag: 'wx' })
  return file
}
