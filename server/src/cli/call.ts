import type { Dispatcher } from 'undici'
import { type Config, readConfig } from '../config.ts'
import { signJwt } from '../domains/identity/sign-jwt.ts'
import { SetupError } from '../platform/database/setup-error.ts'
import { createEgress, type Egress } from '../platform/egress/egress.ts'
import { toEgressError } from '../platform/egress/errors.ts'
import { locateOwnDatabase } from '../platform/embedded/own-database.ts'
import { findRunning } from '../platform/embedded/run-file.ts'
import { readCompletion } from './completion-stream.ts'
import { requireUserId } from './jwt.ts'
import type { Output } from './output.ts'
import { projectFolder } from './project-folder.ts'

interface CallOptions {
  model: string
  user?: string
}

const ttlSeconds = 300
const mostRefusalCharacters = 64 * 1024

/** One chat completion by the running server, as a client has it. The answer goes to stdout while it comes, and nothing else. */
export async function call(output: Output, text: string, options: CallOptions): Promise<void> {
  const config = readConfig(projectFolder(), { needsRootKeys: false })
  const credential = await credentialFor(config, options.user)
  const url = addressOf(config)
  const egress = createEgress()
  try {
    const response = await ask(egress, url, credential, { model: options.model, text })
    if (response.statusCode !== 200) throw await refusalOf(response)
    const show = (piece: string) => void (output.json || process.stdout.write(withoutControls(piece)))
    const answer = await readCompletion(response.body.setEncoding('utf8'), show)
    const by = String(response.headers['x-keyloft-credential'] ?? '')
    if (answer.finishReason === undefined) {
      output.progress('') // behind what came
      throw new SetupError('The answer broke off.', 'The log of the server may say why.')
    }
    output.result({ model: options.model, answer: answer.text, finishReason: answer.finishReason, credential: by }, [''])
    output.progress(`(${options.model} by ${by})`)
  } finally {
    await egress.close()
  }
}

async function credentialFor({ callToken, auth: { jwtSecret } }: Config, userId: string | undefined): Promise<string> {
  if (userId === undefined) {
    if (callToken) return callToken.reveal()
    throw new SetupError('Nobody is named who calls.', 'Set KEYLOFT_TOKEN to an API token, or JWT_SECRET and give --user <id>.')
  }
  requireUserId(userId)
  if (jwtSecret === undefined)
    throw new SetupError('JWT_SECRET is not set, with which --user is signed.', 'Set it where the server reads it, or use KEYLOFT_TOKEN.')
  return (await signJwt(jwtSecret, { role: 'authenticated', userId, ttlSeconds }, Date.now)).jwt
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
