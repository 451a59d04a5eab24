import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { type Ended, installKeyloft, postmasterOf, run, start, stop } from './run-keyloft.ts'

const sandbox = installKeyloft()
const mounts: string[] = []
const isRoot = process.getuid?.() === 0
const cannotMount = isRoot ? tryMount() : 'only root may mount a small disk'
if (cannotMount) console.warn(`The tests of full disks are skipped: ${cannotMount}.`)

afterEach(() => {
  for (const place of mounts.splice(0)) execFileSync('umount', [place])
})

function mount(place: string, options: string) {
  mkdirSync(place, { recursive: true })
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', place], { stdio: 'pipe' })
  mounts.push(place)
}

function tryMount(): string | undefined {
  const place = mkdtempSync(join(tmpdir(), 'keyloft-mount-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', place], { stdio: 'pipe' })
    execFileSync('umount', [place])
    return undefined
  } catch (error) {
    return `mounting is not allowed here (${String((error as { stderr?: Buffer }).stderr).trim()})`
  } finally {
    rmdirSync(place)
  }
}

const startOn = (dataDir: string) => run(sandbox, ['start'], { env: { KEYLOFT_DATA_DIR: dataDir } }).ended

function expectRefusal({ code, stdout, stderr }: Ended, message: string) {
  expect({ code, stdout, stderr: stderr.replace('Starting the database\n', '').split('\n', 1)[0] }).toEqual({
    code: 1,
    stdout: '',
    stderr: message,
  })
  expect(stderr).not.toMatch(/\n\s+at /)
}

test.skipIf(isRoot && cannotMount)('a data directory that may only be read is named', async () => {
  const dataDir = sandbox.newDataDir()
  if (isRoot) mount(dataDir, 'ro,size=1m')
  else mkdirSync(dataDir, { mode: 0o500 })
  expectRefusal(await startOn(dataDir), `The data directory ${dataDir} cannot be written to (${isRoot ? 'EROFS' : 'EACCES'}).`)
  expect(readdirSync(dataDir)).toEqual([])
  if (!isRoot) chmodSync(dataDir, 0o700)
})

test('a data directory that cannot be made is named', async () => {
  const dataDir = sandbox.newDataDir()
  writeFileSync(dataDir, 'a file')
  expectRefusal(await startOn(dataDir), `The data directory ${dataDir} cannot be written to (EEXIST).`)
  expectRefusal(await startOn(join(dataDir, 'inside')), `The data directory ${join(dataDir, 'inside')} cannot be written to (ENOTDIR).`)
})

test.skipIf(cannotMount)('a disk too small for a database is called full, and left as empty as it was', async () => {
  for (const size of ['32k', '20m']) {
    const dataDir = sandbox.newDataDir()
    mount(dataDir, `size=${size}`)
    expectRefusal(await startOn(dataDir), `The data directory ${dataDir} is full.`)
    expect(readdirSync(dataDir)).toEqual([])
  }
})

test.skipIf(cannotMount)('a data directory that has become full or read-only serves again once that is mended', async () => {
  const dataDir = sandbox.newDataDir()
  mount(dataDir, 'size=200m')
  await stop(await start(sandbox, dataDir))
  const before = readdirSync(dataDir, { recursive: true }).sort()

  const filler = join(dataDir, '..', 'filler')
  fill(join(dataDir, 'filler'))
  expectRefusal(await startOn(dataDir), `The data directory ${dataDir} is full.`)
  rmSync(join(dataDir, 'filler'))
  expect(existsSync(filler)).toBe(false)

  execFileSync('mount', ['-o', 'remount,ro', dataDir])
  expectRefusal(await startOn(dataDir), `The data directory ${dataDir} cannot be written to (EROFS).`)
  execFileSync('mount', ['-o', 'remount,rw', dataDir])

  expect(postmasterOf(dataDir)).toBeUndefined()
  expect(readdirSync(dataDir, { recursive: true }).sort()).toEqual(before)
  await stop(await start(sandbox, dataDir))
})

function fill(path: string) {
  const block = Buffer.alloc(64 * 1024, 1)
  try {
    for (;;) writeFileSync(path, block, { flag: 'a' })
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC')
  }
}
