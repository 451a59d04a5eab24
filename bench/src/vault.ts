import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto'
import { generateRootKeys, parseKeyring, sealWithRootKey } from '../../server/src/platform/sealing/keyring.ts'
import { createSecrets } from '../../server/src/platform/secrets/secrets.ts'
import { type Figure, figureOf } from './figures.ts'
import { race } from './race.ts'

/** As long as a provider's key. */
const text = `sk-proj-${randomBytes(78).toString('base64url')}`
const batch = 500

/** Opening a provider key on the way to a call, its person's data key in memory, against the cipher alone. */
export async function vault(signal: AbortSignal): Promise<Figure[]> {
  const keyring = parseKeyring(generateRootKeys())
  const purpose = { userId: randomUUID(), kind: 'provider key', provider: 'openai', host: 'api.openai.com' }
  const key = randomBytes(32)
  const wrapped = sealWithRootKey(keyring, ['data key', purpose.userId, '1'], key.toString('base64'))
  const secrets = createSecrets({
    database: { system: async () => [{ version: 1, wrapped }] as never }, // asked once, for the data key
    keyring,
    clock: Date.now,
  })
  const secret = await secrets.seal(purpose, text)
  const bound = Buffer.from(Object.values({ ...purpose, id: secret.id }).join('\n'))
  const sealed = sealBare(key, bound)
  if ((await secrets.open(secret, purpose)) !== text) throw new Error('what was sealed did not open')

  const { opened, bare } = await race(
    {
      opened: async () => {
        for (let i = 0; i < batch; i++) secrets.open(secret, purpose)
      },
      bare: async () => {
        for (let i = 0; i < batch; i++) openBare(key, bound, sealed)
      },
    },
    { lanes: 1, rounds: 9, sliceMs: 150, signal },
  )
  const perSecond = (rates: number[]) => rates.map((rate) => rate * batch)
  const of = (bar: Figure['bar'] & object) =>
    figureOf({ what: 'opening a provider key', unit: 'per second', bar }, perSecond(opened), {
      what: 'AES-256-GCM alone',
      values: perSecond(bare),
    })
  return [of({ on: 'value', atLeast: 150_000 }), of({ on: 'ratio', atLeast: 0.5 })]
}

function sealBare(key: Buffer, bound: Buffer): Buffer {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(bound)
  return Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()])
}

function openBare(key: Buffer, bound: Buffer, sealed: Buffer): string {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12)).setAAD(bound).setAuthTag(sealed.subarray(-16))
  const opened = decipher.update(sealed.subarray(12, -16))
  decipher.final()
  return opened.toString('utf8')
}
