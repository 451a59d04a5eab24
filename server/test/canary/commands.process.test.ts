import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { describe, expect, it, onTestFinished } from 'vitest'
import { connectAsOwner } from '../../src/platform/database/owner.ts'
import { generateRootKeys } from '../../src/platform/sealing/keyring.ts'
import { binaries, startCluster } from '../cluster.ts'
import { withDatabase } from '../harness.ts'
import { createMockProvider } from '../mock-provider.ts'
import { type Ended, installKeyloft, repository, run } from '../processes/run-keyloft.ts'
import { talkative } from './house.ts'
import { needlesFor, newMark } from './needles.ts'
import { createSinks, searchFolder } from './sinks.ts'

describe('a secret that is given to a command', () => {
  it('is asked for by the commands that are tried here, and by no other', () => {
    const folder = join(repository, 'server/src')
    const asking = globSync('**/*.ts', { cwd: folder }).filter((file) =>
      readFileSync(join(folder, file), 'utf8').includes("/read-secret.ts'"),
    )
    expect(asking).toEqual(['cli/keys.ts'])
  })

  it('is in no argument, environment, output, file or log, whether it was kept or not', async () => {
    const sandbox = installKeyloft()
    const provider = await createMockProvider()
    const cluster = await startCluster(binaries['postgres-18']() as string, 'postgres', talkative)
    onTestFinished(() => cluster.stop())
    const admin = await connectAsOwner(cluster.url)
    await sql`create database app`.execute(admin.db)
    await admin.end()
    const env = {
      DATABASE_URL: withDatabase(cluster.url, 'app'),
      KEYLOFT_ROOT_KEYS: generateRootKeys(),
      OPENAI_BASE_URL: `${provider.url}/v1`,
      KEYLOFT_EGRESS_ALLOW_HTTP: '1',
      KEYLOFT_EGRESS_ALLOW_NETWORKS: '127.0.0.0/8',
      LOG_LEVEL: 'trace',
    }
    expect(await run(sandbox, ['migrate', 'up'], { env }).ended).toMatchObject({ code: 0 })
    const owner = await connectAsOwner(env.DATABASE_URL)
    onTestFinished(() => owner.end())
    const ada = '6c5f0a7e-2b1d-4c8e-9f3a-5d7e1b2c3a4f'
    await sql`insert into auth.users (id, email, name) values (${ada}, 'ada@example.com', 'Ada')`.execute(owner.db)

    const mark = newMark()
    const sinks = createSinks()
    async function add(options: string[], typed: string, more: Record<string, string> = {}): Promise<Ended> {
      const adding = run(sandbox, ['keys', 'add', '--user', 'ada@example.com', ...options], {
        env: { ...env, ...more },
        spawn: { stdio: ['pipe', 'pipe', 'pipe'] },
      })
      adding.child.stdin?.on('error', () => {}).write(typed.slice(0, 10))
      await sleep(100)
      for (const file of ['cmdline', 'environ']) sinks.note(`the ${file} of the process`, readFileSync(`/proc/${adding.pid}/${file}`))
      adding.child.stdin?.end(typed.slice(10))
      const ended = await adding.ended
      sinks.note('what it printed', ended.stdout + ended.stderr)
      return ended
    }
    const openai = ['--provider', 'openai']
    expect(await add([...openai, '--json'], `${mark}-kept\n`)).toMatchObject({ code: 0 })
    expect(await add([...openai, '--name', 'asked', '--verify'], `${mark}-refused`)).toMatchObject({ code: expect.any(Number) })
    expect(await add(openai, `${mark}-again`)).toMatchObject({ code: 1 })
    expect(await add(openai, `two words ${mark}`)).toMatchObject({ code: 1 })
    expect(await add(['--provider', 'nobody'], mark)).toMatchObject({ code: 1 })
    expect(await add([...openai, '--nonsense'], mark)).toMatchObject({ code: 2 })
    expect(await add([...openai, '--name', 'other'], mark, { KEYLOFT_ROOT_KEYS: generateRootKeys() })).toMatchObject({ code: 1 })
    await sql`alter table keyloft.audit_log add constraint nothing check (false) not valid`.execute(owner.db)
    expect(await add([...openai, '--name', 'unaudited'], mark)).toMatchObject({ code: 1 })
    await cluster.goAway()
    expect(await add([...openai, '--name', 'away'], mark)).toMatchObject({ code: 1 })
    await cluster.comeBack()

    const needles = needlesFor(mark)
    expect(provider.seen.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${mark}-refused`]) // there, and there alone
    expect([...sinks.leaks(needles), ...searchFolder(cluster.folder, needles), ...searchFolder(sandbox.folder, needles)]).toEqual([])
  })
})
