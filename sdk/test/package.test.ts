import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build, type Rolldown } from 'vite'
import { describe, expect, it } from 'vitest'
import { installSdk, tsc } from './pack.ts'

const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8')
const examples = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = '']) => code)

describe('the package', () => {
  const { folder, files, entrance } = installSdk()

  /** A user's project with these files. */
  function makeProject(name: string, sources: Record<string, string>, options: object = { module: 'nodenext' }): string {
    const project = join(folder, name)
    mkdirSync(project)
    for (const [file, text] of Object.entries(sources)) writeFileSync(join(project, file), text)
    const compilerOptions = { strict: true, noEmit: true, types: [], lib: ['es2022', 'dom'], target: 'es2022', ...options }
    writeFileSync(join(project, 'package.json'), '{ "type": "module" }')
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions }))
    return project
  }
  const compile = (project: string) => spawnSync(process.execPath, [tsc, '-p', project], { encoding: 'utf8' })

  it('holds what is built and its README, and no source or test', () => {
    expect(files.filter((file) => !/^dist\/[\w/-]+\.(js|d\.ts)$/.test(file))).toEqual(['README.md', 'package.json'])
    expect(files).toEqual(expect.arrayContaining(['dist/sdk.js', 'dist/sdk.d.ts', 'dist/generated/operations.d.ts']))
    expect(files.join()).not.toContain('test')
  })

  it.each([
    ['nodenext', { module: 'nodenext', moduleResolution: 'nodenext' }],
    ['bundler', { module: 'esnext', moduleResolution: 'bundler' }],
    ['bundler-and-strict', { module: 'preserve', moduleResolution: 'bundler', skipLibCheck: false, exactOptionalPropertyTypes: true }],
  ])('compiles the examples of the README for a project that resolves modules by %s', (name, options) => {
    expect(examples.length).toBeGreaterThanOrEqual(2)
    const project = makeProject(name, Object.fromEntries(examples.map((code, index) => [`example-${index}.ts`, code])), options)
    expect(compile(project)).toMatchObject({ stdout: '', status: 0 })
  })

  it('has types that refuse what is wrong', () => {
    const source = `import { createKeyloft } from '@keyloft/sdk'\nawait createKeyloft({ url: 'http://127.0.0.1' }).get('/nowhere')\n`
    const { stdout, status } = compile(makeProject('wrong', { 'wrong.ts': source }))
    expect(status).not.toBe(0)
    expect(stdout).toContain('/nowhere')
  })

  it('goes into a bundle for browsers without anything of Node’s', async () => {
    const source = `import { createKeyloft } from '@keyloft/sdk'\nexport const keyloft = createKeyloft({ url: location.origin })\n`
    const bundled = await build({
      root: makeProject('browser', { 'main.js': source }),
      configFile: false,
      logLevel: 'silent',
      build: { write: false, minify: false, lib: { entry: 'main.js', formats: ['es'] } },
    })
    const [chunk, ...more] = [bundled].flat().flatMap((result) => (result as Rolldown.RolldownOutput).output)
    if (chunk?.type !== 'chunk') throw new Error('no code was bundled')
    expect([...more, ...chunk.imports, ...chunk.dynamicImports]).toEqual([])
    expect(chunk.code).not.toMatch(/\b(process|Buffer|require|__dirname)\b|node:|vite-browser-external/)
    expect(chunk.code).toContain('sdk.unexpected_reply')
    expect(chunk.code, 'the list of codes stays out where nobody asks for it').not.toContain('http.rate_limited')
  })

  it('is loaded by Node as it is', () => {
    const code = `const { createKeyloft, errorCodes, KeyloftError } = await import(${JSON.stringify(entrance)})
      console.log(typeof createKeyloft, typeof KeyloftError, errorCodes.includes('http.not_found'))`
    expect(execFileSync('node', ['--input-type=module', '-e', code], { encoding: 'utf8' })).toBe('function function true\n')
  })
})
