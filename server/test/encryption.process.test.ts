import { execFile } from 'node:child_process'
import { createCipheriv, randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'

const run = promisify(execFile)
const dist = join(import.meta.dirname, '../dist')

/** As a program of somebody else's would use it: built, in a process of its own, with the embedded database. */
describe('keyloft/encryption', () => {
  const folder = mkdtempSync(join(tmpdir(), 'keyloft-encryption-'))
  chmodSync(folder, 0o711) // as root the database runs as another user, who must get through
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const hex = randomBytes(32).toString('hex')
  const env = { PATH: process.env.PATH, KEYLOFT_DATA_DIR: join(folder, 'data'), ENCRYPTION_KEY: hex }

  it('seals for one person, opens for them alone, and reads what was sealed before', async () => {
    await run(process.execPath, [join(dist, 'cli.js'), 'migrate', 'up'], { env, cwd: folder })
    await run(process.execPath, [join(dist, 'cli.js'), 'seed'], { env, cwd: folder })
    const iv = randomBytes(16)
    const cipher = createCipheriv('aes-256-cbc', Buffer.from(hex, 'hex'), iv)
    const legacy = `${iv.toString('hex')}:${Buffer.concat([cipher.update('sk-of-before'), cipher.final()]).toString('hex')}`
    writeFileSync(
      join(folder, 'program.mjs'),
      `import { generateEncryptionKey, isEncryptionConfigured, openEncryption } from ${JSON.stringify(join(dist, 'encryption.js'))}
      const [ada, bruno] = ['5eed0000-0000-4000-8000-000000000001', '5eed0000-0000-4000-8000-000000000002']
      const encryption = await openEncryption()
      const one = await encryption.encrypt('sk-test', ada)
      const two = await encryption.encrypt('sk-test', bruno)
      const refusal = async (text, user) => encryption.decrypt(text, user).then(() => 'opened', (error) => error.message)
      console.log(JSON.stringify({
        form: one.encryptedKey.split('.').length, hashes: [one.keyHash === two.keyHash, one.keyHash.length],
        opened: await encryption.decrypt(one.encryptedKey, ada), before: await encryption.decrypt(${JSON.stringify(legacy)}, ada),
        refused: [await refusal(one.encryptedKey, bruno), await refusal('sk-plain', ada), await refusal('', ada), await refusal(${JSON.stringify(`${'0'.repeat(32)}:${'0'.repeat(64)}`)}, ada)],
        configured: isEncryptionConfigured(), key: /^[0-9a-f]{64}$/.test(generateEncryptionKey()),
      }))
      await encryption.close()`,
    )
    const { stdout } = await run(process.execPath, ['program.mjs'], { env, cwd: folder })
    expect(JSON.parse(stdout)).toEqual({
      form: 4,
      hashes: [true, 64],
      opened: 'sk-test',
      before: 'sk-of-before',
      refused: [
        'A stored secret could not be opened.',
        'Invalid encrypted text format',
        'Invalid encrypted text format',
        'Failed to decrypt: no key of that time opens it.',
      ],
      configured: true,
      key: true,
    })
  })
})
