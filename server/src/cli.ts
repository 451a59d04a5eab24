#!/usr/bin/env -S node --heap-growing-percent=50 --expose-gc
// What the flags are for stands in docs/decisions/0009.
import { realpathSync } from 'node:fs'
import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import { AppError } from './base/errors.ts'
import { createOutput, type Output } from './cli/output.ts'
import { ConfigError } from './config.ts'
import { SetupError } from './platform/database/setup-error.ts'
import { version } from './version.ts'

const whoHelp = 'an id, or an e-mail address'

export function buildProgram(): Command {
  const program = new Command('keyloft')
    .description('The backend an AI app needs when its users bring their own keys.')
    .version(version)
    .configureHelp({ showGlobalOptions: true })
    .addHelpText(
      'after',
      '\nSettings come from the environment, .env and .env.local; no secret is ever an argument.\nEvery command takes --json and exits with 0, 1 (it failed) or 2 (it was called wrongly).',
    )
    .exitOverride()

  // What a command does is loaded when it is called: `start` must not carry the others in memory.
  const add = (parent: Command, usage: string, description: string, act: (output: Output, ...args: never[]) => Promise<void>) =>
    parent
      .command(usage)
      .description(description)
      .option('--json', 'speak JSON on stdout')
      .action(async (...all: unknown[]) => {
        const command = all.pop() as Command
        const options = all.pop() as { json?: boolean }
        await run(createOutput(options.json ?? false), (output) => act(output, ...([...all, options, command] as never[])))
      })

  add(program, 'start', 'run the server, with a database of its own unless DATABASE_URL is set', async (output) =>
    (await import('./cli/start.ts')).start(output),
  )

  add(program, 'worker', 'do the jobs, and serve nothing', async (output) => (await import('./cli/worker.ts')).worker(output))

  const jobs = program.command('jobs').description('look at the job queue, and send back what failed')
  add(jobs, 'list', 'count what waits and runs, and name it', async (output, options: { failed?: boolean }) =>
    (await import('./cli/jobs.ts')).list(output, options.failed ?? false),
  ).option('--failed', 'the dead letters: jobs that failed for good')
  add(jobs, 'show', 'say all of one job, but not the values it was given', async (output, id: string) =>
    (await import('./cli/jobs.ts')).show(output, id),
  ).argument('<id>', 'as `keyloft jobs list` and the log name it')
  add(
    jobs,
    'retry',
    'send a dead letter back to its queue, with all its attempts',
    async (output, id: string | undefined, options: { all?: boolean }) =>
      (await import('./cli/jobs.ts')).retry(output, id, options.all ?? false),
  )
    .argument('[id]', 'as `keyloft jobs list --failed` names it')
    .option('--all', 'every one')

  const keys = program.command('keys').description('keep provider keys for a person; a key comes from stdin and is never shown again')
  const ofPerson = (command: Command) => command.requiredOption('--user <id or e-mail>', 'whose')
  ofPerson(
    add(keys, 'list', 'list a person’s keys by their last four characters', async (output, options: { user: string }) =>
      (await import('./cli/keys.ts')).list(output, options),
    ),
  )
  ofPerson(
    add(keys, 'add', 'add the key that is piped in or typed', async (output, options: { user: string; provider: string }) =>
      (await import('./cli/keys.ts')).add(output, options),
    ),
  )
    .requiredOption('--provider <id>', 'openai, anthropic, openrouter, xai, google, gateway …')
    .option('--name <name>', 'to tell several keys of one provider apart')
    .option('--base-url <url>', 'where the gateway is, for provider gateway')
    .option('--verify', 'ask the provider whether it takes the key')
  ofPerson(
    add(keys, 'verify', 'ask the provider whether it takes a key', async (output, id: string, options: { user: string }) =>
      (await import('./cli/keys.ts')).verify(output, id, options),
    ),
  ).argument('<id>', 'as `keyloft keys list` shows it')
  ofPerson(
    add(keys, 'remove', 'delete a key, for good', async (output, id: string, options: { user: string }) =>
      (await import('./cli/keys.ts')).remove(output, id, options),
    ),
  ).argument('<id>', 'as `keyloft keys list` shows it')

  add(
    program,
    'call',
    'ask a model through the running server, and show its answer while it comes',
    async (output, text: string, options) => (await import('./cli/call.ts')).call(output, text, options),
  )
    .argument('<text>', 'what to say')
    .option('--model <name>', 'which model', 'mock-1')
    .option('--user <id>', 'as whom; otherwise KEYLOFT_TOKEN says who calls')

  const models = program.command('models').description('look at the models and their prices, and bring in others')
  add(models, 'list', 'list every model with the price in force', async (output) => (await import('./cli/models.ts')).list(output))
  add(models, 'import', 'bring in models and prices; a price that changes gets a new row', async (output, file: string) =>
    (await import('./cli/models.ts')).importFile(output, file),
  ).argument('<file>', 'JSON, in the form of docs/guides/usage.md')

  const ledger = program.command('ledger').description('what calls cost by other prices, and beside a provider’s invoice')
  add(
    ledger,
    'rerate',
    'write what calls cost more or less by the prices in force now; records stay as they are',
    async (output, options) => (await import('./cli/ledger.ts')).rerateCalls(output, options),
  )
    .requiredOption('--from <day>', 'the first day in UTC, such as 2026-11-01')
    .requiredOption('--to <day>', 'the day behind the last one')
    .option('--provider <id>', 'this provider’s calls alone')
    .option('--model <name>', 'this model’s calls alone')
    .option('--prices-of <day>', 'by the prices of that day, instead of those of each call’s own time')
    .option('--as-booked', 'the way back: so that what it costs is what was booked')
    .option('--dry-run', 'say what it would come to, and write nothing')
  add(ledger, 'reconcile', 'compare with a provider’s export, by day and model; exits with 1 where they differ', async (output, options) =>
    (await import('./cli/ledger.ts')).reconcileInvoice(output, options),
  )
    .requiredOption('--provider <id>', 'whose export it is')
    .requiredOption(
      '--file <path>',
      'CSV with the columns date, model, cost_usd and, if it has them, requests, input_tokens, output_tokens',
    )
    .addOption(
      new Option('--source <source>', 'who pays the provider')
        .choices(['server-key', 'team-gateway', 'user-key', 'user-gateway'])
        .default('server-key'),
    )
    .option('--tolerance <usd>', 'how far apart the costs of a model on a day may be', '0')

  const quotas = program.command('quotas').description('look at what people may use, and limit it')
  const ofWhom = (command: Command) => command.requiredOption('--user <id or e-mail>', 'whose')
  ofWhom(
    add(quotas, 'list', 'what somebody may use, has used and has left', async (output, options: { user: string }) =>
      (await import('./cli/quotas.ts')).list(output, options),
    ),
  )
  ofWhom(
    add(quotas, 'set', 'limit what somebody may use; counts on every running server within a second', async (output, options) =>
      (await import('./cli/quotas.ts')).set(output, options),
    ),
  )
    .addOption(
      new Option('--type <type>', 'of every call by the day or the month, or of one provider or model by the day')
        .choices(['daily', 'monthly', 'provider', 'model'])
        .makeOptionMandatory(),
    )
    .option('--provider <id>', 'whose calls, for the types provider and model')
    .option('--model <name>', 'which model, for the type model; with a * at its end all whose names begin so')
    .addOption(new Option('--spend <spend>', 'which calls count, by who pays for them').choices(['all', 'own', 'platform']).default('all'))
    .addOption(new Option('--requests <n>', 'calls at most').argParser(wholeOrNothing))
    .addOption(new Option('--tokens <n>', 'tokens at most').argParser(wholeOrNothing))
    .option('--cost <usd>', 'US dollars at most, such as 2.50')
    .option('--off', 'keep it, but let it count nothing')
  add(quotas, 'remove', 'take a limit back', async (output, id: string) => (await import('./cli/quotas.ts')).remove(output, id)).argument(
    '<id>',
    'as `keyloft quotas list` shows it',
  )
  add(quotas, 'tier', 'set what somebody may spend of the platform’s', async (output, who: string, tier: 'free' | 'pro') =>
    (await import('./cli/quotas.ts')).setTier(output, who, tier),
  )
    .argument('<who>', whoHelp)
    .addArgument(new Argument('<tier>').choices(['free', 'pro']))

  add(
    quotas,
    'cap',
    'show or set what each of a tier, and all people together, may spend of the platform’s',
    async (output, whose, options) => (await import('./cli/quotas.ts')).cap(output, whose, options),
  )
    .addArgument(new Argument('[whose]', 'a tier, or platform: all people together').choices(['anonymous', 'free', 'pro', 'platform']))
    .addOption(new Option('--type <type>', 'by the day or the month').choices(['daily', 'monthly']))
    .addOption(new Option('--requests <n>', 'calls at most').argParser(wholeOrNothing))
    .addOption(new Option('--tokens <n>', 'tokens at most').argParser(wholeOrNothing))
    .option('--cost <usd>', 'US dollars at most, such as 2.50')
    .option('--off', 'take this limit back')

  const users = program.command('users').description('look at accounts, and decide what an operator decides of them')
  const load = () => import('./cli/users.ts')
  add(users, 'list', 'everybody, newest first', async (output, options: { limit: number; cursor?: string }) =>
    (await load()).list(output, options),
  )
    .addOption(new Option('--limit <n>', 'how many').argParser(wholeNumber).default(50))
    .option('--cursor <cursor>', 'where the page before ended')
  add(users, 'show', 'say all of one account', async (output, who: string) => (await load()).show(output, who)).argument('<who>', whoHelp)
  add(users, 'promote', 'make somebody an admin', async (output, who: string, options: { undo?: boolean }) =>
    (await load()).decideOf(output, 'promote', who, { isAdmin: !options.undo }),
  )
    .argument('<who>', whoHelp)
    .option('--undo', 'take it back')
  add(users, 'tier', 'set what somebody may spend of the platform’s', async (output, who: string, tier: 'free' | 'pro') =>
    (await load()).decideOf(output, 'tier', who, { tier }),
  )
    .argument('<who>', whoHelp)
    .addArgument(new Argument('<tier>').choices(['free', 'pro']))
  add(users, 'disable', 'refuse somebody at once, everywhere', async (output, who: string, options: { reason?: string; undo?: boolean }) =>
    (await load()).decideOf(output, 'disable', who, { disabled: !options.undo, ...(options.reason ? { reason: options.reason } : {}) }),
  )
    .argument('<who>', whoHelp)
    .option('--reason <text>', 'why')
    .option('--undo', 'let them in again, also who closed their account themselves')

  const migrate = program.command('migrate').description('bring the database up to date, or back')
  add(migrate, 'up', 'apply all pending migrations in one transaction', async (output) => (await import('./cli/migrate.ts')).up(output))
  add(
    migrate,
    'down',
    'take back the newest migration, or the newest n',
    async (output, count: number | undefined, options: { yes?: boolean }) =>
      (await import('./cli/migrate.ts')).down(output, count ?? 1, options.yes ?? false),
  )
    .argument('[n]', 'how many', wholeNumber)
    .option('--yes', 'do not ask: the data in their tables goes too')
  add(migrate, 'status', 'list the migrations and which of them are applied', async (output) =>
    (await import('./cli/migrate.ts')).status(output),
  )
  add(migrate, 'verify', 'check the live database against what it must be', async (output) =>
    (await import('./cli/migrate.ts')).verify(output),
  )
  add(migrate, 'export', 'write the migrations for another tool', async (output, options: { supabase: string }) =>
    (await import('./cli/migrate.ts')).exportSupabase(output, options.supabase),
  ).requiredOption('--supabase <dir>', 'as files for `supabase db push`, into this folder')

  add(program, 'doctor', 'check everything a deployment stands on, one line each', async (output) =>
    (await import('./cli/doctor.ts')).doctor(output),
  )
  add(program, 'seed', 'fill a development database with believable people', async (output) => (await import('./cli/seed.ts')).seed(output))
  add(
    program,
    'jwt',
    'print a token signed with JWT_SECRET, as Supabase signs them',
    async (output, options: { role: string; user?: string; ttl: string }) => (await import('./cli/jwt.ts')).jwt(output, options),
  )
    .addOption(new Option('--role <role>', 'who it acts as').choices(['anon', 'authenticated', 'service_role']).makeOptionMandatory())
    .option('--user <id>', 'the person, for the role authenticated')
    .option('--ttl <time>', 'how long it holds: 90s, 15m, 1h, 30d. It cannot be taken back before, so keep a person’s short', '1h')
  return program
}

function wholeNumber(text: string): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('It must be a whole number from 1.')
  return number
}

function wholeOrNothing(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 0.')
  return Number(text)
}

async function run(output: Output, act: (output: Output) => Promise<void>) {
  try {
    await act(output)
  } catch (error) {
    process.exitCode = 1
    const { code, message, hint } = describe(error)
    if (output.json) output.result({ error: { code, message, hint } }, [])
    else process.stderr.write(`${message}\n${hint ? `${hint}\n` : ''}`)
  }
}

function describe(error: unknown): { code: string; message: string; hint?: string | undefined } {
  if (error instanceof ConfigError) return { code: 'config', message: error.message }
  if (error instanceof SetupError) return { code: 'setup', message: error.message, hint: error.hint }
  if (error instanceof AppError) return { code: error.code, message: error.message, hint: error.hint }
  return { code: 'internal', message: `Keyloft failed in a way it should not: ${error instanceof Error ? error.stack : String(error)}` }
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === import.meta.filename) {
  try {
    await buildProgram().parseAsync()
  } catch (error) {
    const { exitCode } = error as { exitCode?: number }
    if (exitCode === undefined) throw error
    process.exitCode = exitCode === 0 ? 0 : 2 // commander has said what was wrong
  }
}
