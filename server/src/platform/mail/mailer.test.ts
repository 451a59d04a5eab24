import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { createEgress } from '../egress/egress.ts'
import { createMailer, type MailerOptions } from './mailer.ts'

describe('a mail', async () => {
  const mail = { to: 'ada@example.com', subject: 'Hello', text: 'https://example.com/?token=secret' }
  const asked: { url: string | undefined; authorization: string | undefined; body: unknown }[] = []
  const answers: number[] = []
  const service = createServer((request, response) => {
    let body = ''
    request.on('data', (part) => {
      body += part
    })
    request.on('end', () => {
      asked.push({ url: request.url, authorization: request.headers.authorization, body: JSON.parse(body) })
      response
        .writeHead(answers.shift() ?? 200, { 'content-type': 'application/json' })
        .end('{"id":"x","secret":"https://example.com/?token=secret"}')
    })
  })
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve))
  const egress = createEgress()
  const folder = await mkdtemp(join(tmpdir(), 'keyloft-mail-'))
  afterAll(async () => {
    await egress.close()
    service.close()
    await rm(folder, { recursive: true })
  })
  const logged: unknown[] = []
  const write = (...line: unknown[]) => void logged.push(line)
  const log = { info: write, warn: write, error: write } as never
  const resend = {
    apiKey: 're_12345678',
    from: 'Keyloft <no-reply@example.com>',
    baseUrl: `http://127.0.0.1:${(service.address() as AddressInfo).port}`,
  }
  const send = async (options: Partial<MailerOptions>, times = 1) => {
    const mailer = createMailer({ resend: undefined, folder: undefined, egress, log, pausesMs: [0, 0], ...options })
    for (let count = 0; count < times; count++) mailer.send(mail)
    await mailer.settle()
  }
  const found = () => JSON.stringify(logged)
  beforeEach(() => {
    asked.length = 0
    answers.length = 0
    logged.length = 0
  })

  it('goes to the service that is set, and leaves nothing in the log', async () => {
    await send({ resend, folder })
    expect(asked).toEqual([
      {
        url: '/emails',
        authorization: 'Bearer re_12345678',
        body: { from: resend.from, to: [mail.to], subject: mail.subject, text: mail.text },
      },
    ])
    expect(logged).toEqual([])
  })

  it('is tried three times; then the log says that it was not sent, and nothing of it', async () => {
    answers.push(500, 429)
    await send({ resend })
    expect(asked).toHaveLength(3)
    expect(logged).toEqual([])
    answers.push(500, 500, 403)
    await send({ resend })
    expect(logged).toEqual([[{ reason: 'The mail service answered with 403.' }, 'a mail was not sent']])
    expect(found()).not.toMatch(/secret|ada@|re_/)
  })

  it('is put into a file that only its user reads where there is no service, and the log says which', async () => {
    await send({ folder }, 2)
    const files = await readdir(folder)
    expect(files).toHaveLength(2)
    const file = join(folder, files[0] ?? '')
    expect(await readFile(file, 'utf8')).toBe(`To: ${mail.to}\nSubject: ${mail.subject}\n\n${mail.text}\n`)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(found()).toContain(file)
    expect(found()).not.toMatch(/secret|ada@/)
  })

  it('is dropped where there is neither, which is said once, with what to set', async () => {
    await send({}, 3)
    expect(logged).toEqual([[expect.stringContaining('set RESEND_API_KEY and MAIL_FROM')]])
  })
})
