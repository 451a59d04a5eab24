import type { Dispatcher } from 'undici'
import { AppError } from '../base/errors.ts'
import { type Config, readConfig } from '../config.ts'
import { signJwt } from '../domains/identity/sign-jwt.ts'
import { lendToken } from '../domains/tokens/tokens.ts'
import { SetupError } from '../platform/database/setup-error.ts'
import { createEgress, type Egress } from '../platform/egress/egress.ts'
import { toEgressError } from '../platform/egress/errors.ts'
import { locateOwnDatabase } from '../platform/embedded/own-database.ts'
import { findRunning } from '../platform/embedded/run-file.ts'
import { readCompletion } from './completion-stream.ts'
import { requireUserId } from './jwt.ts'
import type { Output } from './output.ts'
import { projectFolder } from './project-folder.ts'
import { withDatabase } from './with-database.ts'

interface CallOptions {
  model: string
  user?: string
}

const ttlSeconds = 300
const mostRefusalCharacters = 64 * 1024

/** One chat completion by the running server, as a client has it. The answer goes to stdout while it comes, and nothing else. */
export async function call(output: Output, text: string, options: CallOptions): Promise<void> {
  const config = readConfig(projectFolder(), { needsRootKeys: false })
  const url = addressOf(config)
  await withCredential(config, options.user, (credential) => askAloud(output, url, credential, { model: options.model, text }))
}

async function askAloud(output: Output, url: string, credential: string, { model, text }: { model: string; text: string }) {
  const egress = createEgress()
  try {
    const response = await ask(egress, url, credential, { model, text })
    if (response.statusCode !== 200) throw await refusalOf(response)
    const show = (piece: string) => void (output.json || process.stdout.write(withoutControls(piece)))
    const answer = await readCompletion(response.body.setEncoding('utf8'), show)
    const by = String(response.headers['x-keyloft-credential'] ?? '')
    if (answer.finishReason === undefined) {
      output.progress('') // behind what came
      throw new SetupError('The answer broke off.', 'The log of the server may say why.')
    }
    output.result({ model, answer: answer.text, finishReason: answer.finishReason, credential: by }, [''])
    output.progress(`(${model} by ${by})`)
  } finally {
    await egress.close()
  }
}

async function withCredential(
  { callToken, auth: { jwtSecret }, database }: Config,
  userId: string | undefined,
  work: (credential: string) => Promise<void>,
): Promise<void> {
  if (userId === undefined) {
    if (callToken) return work(callToken.reveal())
    throw new SetupError('Nobody is named who calls.', 'Give --user <id>, or set KEYLOFT_TOKEN to an API token.')
  }
  requireUserId(userId)
  if (jwtSecret !== undefined) return work((await signJwt(jwtSecret, { role: 'authenticated', userId, ttlSeconds }, Date.now)).jwt)
  if (database.kind === 'external')
    throw new SetupError('JWT_SECRET is not set, with which --user is signed.', 'Set it where the server reads it, or use KEYLOFT_TOKEN.')
  await withDatabase('call', async ({ database }) => {
    const { token, takeBack } = await lendToken({ database, clock: Date.now }, userId).catch((error) => {
      const isNobody = error instanceof AppError && error.code === 'database.invalid'
      throw isNobody ? new SetupError(`Nobody here is ${userId}.`, 'keyloft users list', error) : error
    })
    await work(token).finally(takeBack)
  })
}

function addressOf({ database, dataDir, http: { host, port, publicUrl } }: Config): string {
  if (database.kind === 'external') return publicUrl ?? `http://${host.includes(':') ? `[${host}]` : host}:${port}`
  const { directory } = locateOwnDatabase(dataDir)
  const running = findRunning(directory.runFile)
  if (!running) throw new SetupError(`No server runs on ${directory.path}.`, 'Start it in another terminal: keyloft start')
  return running.url
}

async function ask(egress: Egress, url: string, credential: string, { model, text }: { model: string; text: string }) {
  const to = egress.namedByOperator(url)
  try {
    return await egress.dispatcherFor(to).request({
      origin: to.origin,
      path: '/v1/chat/completions',
      method: 'POST',
      headers: { authorization: `Bearer ${credential}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: text }], stream: true }),
    })
  } catch (error) {
    throw new SetupError(`The server at ${url} does not answer.`, 'Is it running? keyloft start', toEgressError(error))
  }
}

async function refusalOf({ statusCode, body }: Dispatcher.ResponseData): Promise<SetupError> {
  const said = (await body.text()).slice(0, mostRefusalCharacters)
  const { message, code } = readError(said)
  const words = message === undefined ? `The call was refused with status ${statusCode}.` : withoutControls(message)
  return new SetupError(words, `${statusCode}${code === undefined ? '' : ` ${withoutControls(code)}`}`)
}

function readError(text: string): { message?: string; code?: string } {
  try {
    const { error } = JSON.parse(text) as { error?: { message?: unknown; code?: unknown } }
    return {
      ...(typeof error?.message === 'string' ? { message: error.message } : {}),
      ...(typeof error?.code === 'string' ? { code: error.code } : {}),
    }
  } catch {
    return {}
  }
}

/** What a model says must not steer the terminal that shows it. */
function withoutControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '')
}
