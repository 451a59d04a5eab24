import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

const cli = join(import.meta.dirname, '../dist/cli.js')

interface Ran {
  code: number
  stdout: string
  stderr: string
}

describe('the commands of an operator', () => {
  const folder = mkdtempSync(join(tmpdir(), 'keyloft-commands-'))
  chmodSync(folder, 0o711) // as root the database runs as another user, who must get through
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  function keyloft(args: string[], env: Record<string, string> = {}, stdin = ''): Promise<Ran> {
    return new Promise((resolve) => {
      const options = { env: { PATH: process.env.PATH, KEYLOFT_DATA_DIR: join(folder, 'data'), ...env } }
      const child = execFile(process.execPath, [cli, ...args], options, (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
      )
      child.stdin?.on('error', () => {}).end(stdin) // it may have ended without reading
    })
  }
  const json = async (args: string[]) => {
    const ran = await keyloft([...args, '--json'])
    return { ...ran, value: JSON.parse(ran.stdout) }
  }

  it('migrates an embedded database up, says so once, and finds nothing to do the second time', async () => {
    const first = await keyloft(['migrate', 'up'])
    expect(first).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+ migrations applied\.\n$/) })
    expect(first.stderr).toContain('applying 20261120100000_roles_and_schemas')
    expect(await keyloft(['migrate', 'up'])).toMatchObject({ code: 0, stdout: 'The database is up to date.\n' })
  })

  it('lists the migrations and what became of them', async () => {
    const { code, value } = await json(['migrate', 'status'])
    expect(code).toBe(0)
    expect(value.migrations[0]).toEqual({ name: '20261120100000_roles_and_schemas', state: 'applied', breaking: false })
  })

  it('takes back nothing unasked, and the newest migration with --yes', async () => {
    const unasked = await keyloft(['migrate', 'down'])
    expect(unasked).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('--yes') })
    const { value } = await json(['migrate', 'down', '--yes'])
    expect(value.reverted).toHaveLength(1)
    expect((await json(['migrate', 'verify'])).value).toMatchObject({
      ok: false,
      checks: [{ id: 'migrations', outcome: 'failed', hint: 'keyloft migrate up' }],
    })
    expect((await keyloft(['migrate', 'up'])).code).toBe(0)
  })

  it('rates calls anew and compares with an invoice, and says by its exit code whether it agrees', async () => {
    const rerate = ['ledger', 'rerate', '--from', '2026-11-01', '--to']
    expect(await keyloft([...rerate, '2026-11-03', '--dry-run'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^0 calls.*\nNothing was written\.\n$/),
    })
    expect(await keyloft([...rerate, '2026-11-01'])).toMatchObject({ code: 1, stderr: expect.stringContaining('later than --from') })
    expect(await keyloft([...rerate, 'tomorrow'])).toMatchObject({ code: 1, stderr: '--to must be a day, such as 2026-11-01.\n' })
    const file = join(folder, 'invoice.csv')
    const reconcile = ['ledger', 'reconcile', '--provider', 'openai', '--file', file]
    writeFileSync(file, 'date,model,cost_usd\n2026-11-03,gpt-4o,0.5\n')
    expect(await keyloft(reconcile)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('2026-11-03  gpt-4o  not here, 0.5 USD there\n'),
    })
    writeFileSync(file, 'date,model,cost_usd\n2026-11-03,gpt-4o,much\n')
    expect(await keyloft(reconcile)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('line 2: cost_usd "much" is not a decimal number'),
    })
    expect(await keyloft([...reconcile, '--tolerance', 'some'])).toMatchObject({ code: 1, stderr: expect.stringContaining('--tolerance') })
    expect(await keyloft([...rerate, '2026-11-03'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('There was nothing to write.'),
    })
    expect(await keyloft([...rerate, '2026-11-03', '--provider', 'open ai'])).toMatchObject({
      code: 1,
      stderr: '--provider must be a provider id, such as openai.\n',
    })
  })

  it('lists models with their prices, and imports others, or nothing of a file with faults', async () => {
    const listed = await keyloft(['models', 'list'])
    expect(listed.stdout).toMatch(/^openai {2}gpt-4o {2}2.5 in, 10 out, from \d{4}-\d\d-\d\d$/m)
    const file = join(folder, 'models.json')
    const model = { provider: 'openai', model: 'ours', name: 'Ours', prices: [{ input: '0.5', output: '1' }] }
    writeFileSync(
      file,
      JSON.stringify({
        date: '2026-06-01',
        models: [
          { ...model, provider: 'Open AI' },
          { ...model, prices: [{ input: 0.5 }] },
        ],
      }),
    )
    expect(await keyloft(['models', 'import', file])).toEqual({
      code: 1,
      stdout: '',
      stderr: `${file} cannot be imported:
  models[0] (Open AI ours) provider: must be a provider id, such as openai
  models[1] (openai ours) prices[0].input: must be text, such as "0.25": a number would be rounded
Nothing was changed.
`,
    })
    writeFileSync(file, JSON.stringify({ date: '2026-06-01', models: [model] }))
    const imported = { code: 0, stdout: '1 in the file, 1 of them new; 1 new prices, in force from 2026-06-01.\n' }
    expect(await keyloft(['models', 'import', file])).toMatchObject(imported)
    expect((await json(['models', 'list'])).value.models).toContainEqual(
      expect.objectContaining({ model: 'ours', input: '0.5', source: 'imported', isCurated: false }),
    )
    expect(await keyloft(['models', 'import', join(folder, 'absent')])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('ENOENT'),
    })
  })

  it('verifies and doctors a healthy database with exit code 0', async () => {
    for (const command of [['migrate', 'verify'], ['doctor']]) {
      const { code, value } = await json(command)
      expect(value.checks.filter(({ outcome }: { outcome: string }) => outcome !== 'ok')).toEqual([])
      expect(code).toBe(0)
    }
    const { value } = await json(['doctor'])
    const ids = value.checks.map(({ id }: { id: string }) => id)
    for (const id of [
      'node',
      'database',
      'migrations',
      'rls-forced',
      'partitions-closed',
      'no-public-grant',
      'logins-cannot-become-more',
      'logins',
      'keyring',
      'statement-logging',
      'clock',
    ]) {
      expect(ids).toContain(id)
    }
  })

  it('doctors what it cannot reach: the reason is the finding, with a hint and exit code 1', async () => {
    const { code, stdout } = await keyloft(['doctor'], { DATABASE_URL: 'postgresql://ada:hunter2@127.0.0.1:1/app' })
    expect(code).toBe(1)
    expect(stdout).toMatch(/✗ database: The database at 127\.0\.0\.1:1\/app cannot be reached/)
    expect(stdout).not.toContain('hunter2')
  })

  it('seeds five people, and changes nothing when it does so again', async () => {
    const first = await json(['seed'])
    expect(first.value.people).toHaveLength(5)
    expect((await json(['seed'])).value).toEqual(first.value)
  })

  it('lists users, and decides of one by id or address', async () => {
    const { value } = await json(['users', 'list', '--limit', '2'])
    expect(value.users).toHaveLength(2)
    expect((await json(['users', 'list', '--limit', '50', '--cursor', value.nextCursor])).value).toMatchObject({
      users: { length: 3 },
      nextCursor: null,
    })
    expect(await keyloft(['users', 'promote', 'ADA@example.com'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Tier      free, admin'),
    })
    expect((await json(['users', 'tier', '5eed0000-0000-4000-8000-000000000001', 'pro'])).value.user).toMatchObject({
      tier: 'pro',
      isAdmin: true,
    })
    expect(await keyloft(['users', 'disable', 'ada@example.com', '--reason', 'Spam.'])).toMatchObject({
      stdout: expect.stringContaining(': Spam.'),
    })
    const again = [
      await json(['users', 'disable', 'ada@example.com', '--undo']),
      await json(['users', 'promote', 'ada@example.com', '--undo']),
    ]
    expect(again[1]?.value.user).toMatchObject({ email: 'ada@example.com', disabledAt: null, isAdmin: false, tier: 'pro' })
    for (const who of ['nobody@example.com', 'ada', '00000000-0000-4000-8000-000000000000']) {
      expect(await keyloft(['users', 'show', who])).toMatchObject({ code: 1, stderr: expect.stringContaining(who) })
    }
    expect(await keyloft(['users', 'tier', 'ada@example.com', 'gold'])).toMatchObject({ code: 2 })
  })

  it('limits what somebody may use, and says in words of the command what is no limit', async () => {
    const ada = '5eed0000-0000-4000-8000-000000000001'
    const of = ['--user', 'ada@example.com', '--type', 'model', '--provider', 'gemini', '--model', 'gemini-2.5*']
    const set = await keyloft(['quotas', 'set', ...of, '--requests', '3', '--cost', '2.50'])
    expect(set).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('model google gemini-2.5* of every call: requests 0 of 3, USD 0 of 2.5;'),
    })
    const [id] = set.stdout.split(' ')
    expect((await keyloft(['quotas', 'set', ...of, '--off'])).stdout).toMatch(new RegExp(`^${id} .* requests 0 of 3, .*; switched off\n$`))
    const wrong = [
      await keyloft(['quotas', 'set', '--user', ada, '--type', 'daily']),
      await keyloft(['quotas', 'set', '--user', ada, '--type', 'daily', '--cost', '1e3']),
      await keyloft(['quotas', 'set', '--user', ada, '--type', 'model', '--model', 'gpt*5', '--requests', '1']),
      await keyloft(['quotas', 'cap', 'pro', '--type', 'daily', '--off', '--requests', '3']),
      await keyloft(['quotas', 'tier', '00000000-0000-4000-8000-000000000000', 'pro']),
    ]
    expect(wrong.map(({ code, stderr }) => [code, stderr.split('\n')[0]])).toEqual([
      [1, 'Nothing is limited.'],
      [1, 'This is no limit: --cost: must be a decimal number from 0, such as "2.50"'],
      [1, 'This is no limit: --model: must be the name of a model; a * may stand at its end, and nowhere else'],
      [1, '--off takes a limit back, so it goes with no other.'],
      [1, 'There is no such user.'],
    ])
    expect(await keyloft(['quotas', 'remove', id ?? ''])).toMatchObject({ code: 0, stdout: 'Removed.\n' })
  })

  it('exports for Supabase into an empty folder, and never over a file', async () => {
    const target = join(folder, 'supabase/migrations')
    const { value } = await json(['migrate', 'export', '--supabase', target])
    expect(readdirSync(target).sort()).toEqual(value.files)
    expect(await keyloft(['migrate', 'export', '--supabase', target])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('exists already'),
    })
  })

  it('exits with 2 when it is called wrongly, and says how it is meant', async () => {
    expect(await keyloft(['migrate', 'sideways'])).toMatchObject({ code: 2, stderr: expect.stringContaining("unknown command 'sideways'") })
    expect(await keyloft(['migrate', 'down', 'many'])).toMatchObject({ code: 2, stderr: expect.stringContaining('whole number') })
    expect(await keyloft(['migrate', 'export'])).toMatchObject({ code: 2, stderr: expect.stringContaining('--supabase') })
  })

  it('says help without touching anything', async () => {
    const untouched = join(folder, 'untouched')
    for (const args of [['--help'], ['migrate', '--help'], ['migrate', 'down', '--help'], ['--version']]) {
      expect(await keyloft(args, { KEYLOFT_DATA_DIR: untouched })).toMatchObject({ code: 0, stderr: '' })
    }
    expect(readdirSync(folder)).not.toContain('untouched')
  })

  it('speaks JSON of a failure too', async () => {
    mkdirSync(join(folder, 'other/postgres'), { recursive: true })
    writeFileSync(join(folder, 'other/postgres/PG_VERSION'), '14\n')
    const { code, stdout } = await keyloft(['migrate', 'status', '--json'], { KEYLOFT_DATA_DIR: join(folder, 'other') })
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'setup', message: expect.stringContaining('PostgreSQL 14') } })
  })

  it('keeps provider keys for a person, which come from stdin and are never shown', async () => {
    await keyloft(['seed'])
    const ofAda = ['--user', 'ada@example.com']
    const added = await keyloft(
      ['keys', 'add', ...ofAda, '--provider', 'openai', '--name', 'work', '--json'],
      {},
      'sk-from-stdin-0123456789\n',
    )
    expect(added).toMatchObject({ code: 0, stderr: '' })
    const { id } = JSON.parse(added.stdout).key
    const listed = await keyloft(['keys', 'list', ...ofAda])
    expect(listed).toMatchObject({ code: 0, stdout: `${id}  openai "work"  …6789  never verified\n` })
    expect(added.stdout + listed.stdout).not.toContain('from-stdin')

    const refused = [
      await keyloft(['keys', 'add', ...ofAda, '--provider', 'openai'], {}, 'two words'),
      await keyloft(['keys', 'add', ...ofAda, '--provider', 'nobody'], {}, 'sk-from-stdin-0123456789'),
      await keyloft(['keys', 'list', '--user', 'nobody@example.com']),
      await keyloft(['keys', 'remove', 'nonsense', ...ofAda]),
    ]
    expect(refused.map(({ code, stdout }) => ({ code, stdout }))).toEqual(refused.map(() => ({ code: 1, stdout: '' })))
    expect(refused.map(({ stderr }) => stderr.split('\n')[0])).toEqual([
      'This does not look like a provider key.',
      'This provider is not known here.',
      'There is nobody called nobody@example.com.',
      'nonsense is not the id of a key.',
    ])
    expect((await keyloft(['keys', 'remove', id, ...ofAda])).stdout).toBe('Deleted. Of openai none is left.\n')
    expect((await keyloft(['keys', 'list', ...ofAda])).stdout).toBe('No keys.\n')
  })
})
