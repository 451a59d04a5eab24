import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

const sdk = join(import.meta.dirname, '..')
export const tsc = join(sdk, '../node_modules/.bin/tsc')

export interface InstalledSdk {
  /** Of a user: the SDK lies in its node_modules. */
  folder: string
  /** What is published. */
  files: string[]
  entrance: string
}

/** Builds, packs and unpacks the present source, as npm would. Gone when the test file ends. */
export function installSdk(): InstalledSdk {
  const folder = mkdtempSync(join(tmpdir(), 'keyloft-sdk-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const source = join(folder, 'source')
  cpSync(sdk, source, { recursive: true, filter: (path) => !/\/(dist|node_modules|test)$/.test(path) })
  execFileSync(process.execPath, [tsc, '-p', join(sdk, 'tsconfig.build.json'), '--outDir', join(source, 'dist')], { stdio: 'inherit' })

  const pack = ['pack', '--json', '--ignore-scripts', '--loglevel=error', `--pack-destination=${folder}`]
  const packed = execFileSync('npm', pack, { cwd: source, encoding: 'utf8' })
  const [{ filename, files }] = JSON.parse(packed) as [{ filename: string; files: { path: string }[] }]
  const installed = join(folder, 'node_modules/@keyloft/sdk')
  mkdirSync(installed, { recursive: true })
  execFileSync('tar', ['-xzf', join(folder, filename), '--strip-components=1', '-C', installed])
  return { folder, files: files.map(({ path }) => path).sort(), entrance: join(installed, 'dist/sdk.js') }
}
