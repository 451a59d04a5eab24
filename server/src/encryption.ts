/**
 * `keyloft/encryption`: sealing for a program beside the server that keeps secrets in tables of its own.
 *
 * ```ts
 * import { openEncryption } from 'keyloft/encryption'
 *
 * const encryption = await openEncryption()
 * const { encryptedKey, keyHash } = await encryption.encrypt('sk-…', userId)
 * await encryption.decrypt(encryptedKey, userId)
 * await encryption.close()
 * ```
 */
import { createHmac, randomBytes } from 'node:crypto'
import { readConfig } from './config.ts'
import { openGiven, openOwn } from './open-database.ts'
import { createDatabase } from './platform/database/database.ts'
import { locateOwnDatabase } from './platform/embedded/own-database.ts'
import { isLegacyText, openLegacy } from './platform/sealing/legacy.ts'
import { sealingErrors } from './platform/sealing/secret.ts'
import { createSecrets } from './platform/secrets/secrets.ts'

export interface Encryption {
  /** Sealed under the person's own data key and bound to them. `keyHash` is equal for equal texts and tells nothing about them. */
  encrypt(text: string, userId: string): Promise<{ encryptedKey: string; keyHash: string }>
  /** Also of what was written as `ivHex:cipherHex` before, where the key of that time is set. Throws, always, rather than give what it cannot trust. */
  decrypt(encryptedKey: string, userId: string): Promise<string>
  close(): Promise<void>
}

const kind = 'text of an app'

/** With the settings and the database of the server; it may be running or not. */
export async function openEncryption({ folder = process.cwd() }: { folder?: string } = {}): Promise<Encryption> {
  const config = readConfig(folder, { needsRootKeys: true })
  const holder = `keyloft/encryption (pid ${process.pid})`
  const opened =
    config.database.kind === 'external'
      ? await openGiven(config, { migrate: false })
      : await openOwn(locateOwnDatabase(config.dataDir), { keyring: config.keyring, holder, whenRunning: 'visit' })
  const database = createDatabase(opened.logins, { poolSize: 2, onError: () => {} })
  const secrets = createSecrets({ database, keyring: opened.keyring, clock: Date.now })
  return {
    async encrypt(text, userId) {
      if (text === '') throw new Error('There is nothing to encrypt.')
      const { sealed } = await secrets.seal({ userId, kind }, text)
      const hashKey = await secrets.installationKey('fingerprint key')
      return { encryptedKey: sealed, keyHash: createHmac('sha256', hashKey).update(text).digest('hex') }
    },
    async decrypt(encryptedKey, userId) {
      if (isLegacyText(encryptedKey)) {
        const text = openLegacy(encryptedKey, config.legacyKeys)
        if (text === undefined) throw sealingErrors.cannot_open({ message: 'Failed to decrypt: no key of that time opens it.' })
        return text
      }
      const [form, id = '', version = '', ...rest] = encryptedKey.split('.')
      if (form !== 'kl1' || rest.length !== 1) throw sealingErrors.cannot_open({ message: 'Invalid encrypted text format' })
      const row = { id, user_id: userId, kind, provider: '', host: '', version: Number(version), sealed: encryptedKey }
      return secrets.open(row, { userId, kind })
    },
    async close() {
      secrets.forget()
      await database.end()
      await opened.stop()
    },
  }
}

/** Whether there are keys to encrypt with: given, or kept by the embedded database. */
export function isEncryptionConfigured({ folder = process.cwd() }: { folder?: string } = {}): boolean {
  try {
    readConfig(folder, { needsRootKeys: true })
    return true
  } catch {
    return false
  }
}

/** 32 random bytes as 64 hexadecimal digits, for `KEYLOFT_ROOT_KEYS=v1:<digits>`. */
export function generateEncryptionKey(): string {
  return randomBytes(32).toString('hex')
}
