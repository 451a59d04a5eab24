import { chmodSync, chownSync, copyFileSync, linkSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { locateDataDirectory, openDataDirectory } from '../../src/platform/embedded/data-directory.ts'
import { canEnter } from '../../src/platform/embedded/embedded-binaries.ts'
import { installKeyloft, postmasterOf, repository, run, start, stop } from './run-keyloft.ts'

const isRoot = process.getuid?.() === 0
/** Nobody's in particular: no such account is needed. */
const ordinary = { uid: 65_534, gid: 65_534 }
const reason = !isRoot
  ? 'these tests do not run as root, so the others have shown it'
  : canEnter(join(repository, 'node_modules'), ordinary)
    ? undefined
    : 'the checkout lies in a folder that is closed to other users'
if (reason) console.warn(`The start as another, ordinary user is skipped: ${reason}.`)

test.skipIf(reason)(
  'an ordinary user runs it without a postgres user, from an installation that only root could have completed',
  async () => {
    const sandbox = installKeyloft({ completed: false })
    const dataDir = sandbox.newDataDir()
    const home = dirname(dataDir)
    chownSync(home, ordinary.uid, ordinary.gid)
    const node = join(sandbox.folder, 'node')
    try {
      linkSync(process.execPath, node) // this Node may lie in root's home
    } catch {
      copyFileSync(process.execPath, node)
    }
    chmodSync(node, 0o755)

    const options = { through: [node] as [string], cwd: home, spawn: ordinary, env: { HOME: home } }
    for (const _ of ['first', 'second']) {
      const server = await start(sandbox, dataDir, options)
      const postmaster = postmasterOf(dataDir)?.pid ?? 0
      expect(statSync(`/proc/${postmaster}`)).toMatchObject(ordinary)
      expect(statSync(join(dataDir, 'root-keys'))).toMatchObject(ordinary)
      await stop(server)
    }

    // Root may go on with what an ordinary user began, and leaves it as it was.
    const asRoot = await start(sandbox, dataDir)
    expect(statSync(`/proc/${postmasterOf(dataDir)?.pid}`)).toMatchObject(ordinary)
    await stop(asRoot)
    await stop(await start(sandbox, dataDir, options))

    // The other way round it is told that the folder belongs to somebody else.
    const ofRoot = join(sandbox.folder, 'of-root')
    await stop(await start(sandbox, ofRoot))
    const { code, stderr } = await run(sandbox, ['start'], { ...options, env: { HOME: home, KEYLOFT_DATA_DIR: ofRoot } }).ended
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/cannot be written to \(EACCES\)\.\nGive it to the user/) })
  },
)

test.skipIf(!isRoot)(
  'below a folder closed to the postgres user, the default gives way to the system folder; a chosen one is refused',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'keyloft-closed-'))
    try {
      chmodSync(folder, 0o711)
      const home = join(folder, 'home')
      mkdirSync(home, { mode: 0o700 })
      const path = join(home, '.keyloft')
      const fallback = join(folder, 'system')

      expect(openDataDirectory({ path, isDefault: true }, ordinary, fallback)).toMatchObject({
        path: fallback,
        rootKeys: join(fallback, 'root-keys'),
        insteadOf: path,
      })
      expect(canEnter(fallback, ordinary)).toBe(true)
      expect(() => locateDataDirectory({ path, isDefault: false }, ordinary, fallback)).toThrow(/cannot enter .*closed to others/)
      chmodSync(home, 0o711)
      expect(openDataDirectory({ path, isDefault: true }, ordinary, fallback)).toMatchObject({ path, insteadOf: undefined })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
)

test('a folder that exists keeps its mode, as far as the database can be reached in it; new ones are closed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'keyloft-modes-'))
  try {
    chmodSync(folder, 0o755)
    const modeOf = (path: string) => statSync(path).mode & 0o777
    const user = isRoot ? ordinary : undefined
    openDataDirectory({ path: folder, isDefault: false }, user)
    expect(modeOf(folder)).toBe(0o755)
    const deep = join(folder, 'one/two')
    openDataDirectory({ path: deep, isDefault: false }, user)
    expect([modeOf(join(folder, 'one')), modeOf(deep)]).toEqual(isRoot ? [0o711, 0o711] : [0o700, 0o700])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
