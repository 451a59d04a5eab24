import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { binaries } from '../test/cluster.ts'

const head =
  '-- DO NOT EDIT. What the migrations add up to, dumped from PostgreSQL 15 by `npm run generate`; a test checks that it is fresh.\n\n'

/** Where pg_dump 15 is: the embedded server brings none, so schema.sql is made where Debian's is installed. */
export function findDump(): string | undefined {
  const bin = binaries['postgres-15']()
  const program = bin === undefined ? undefined : join(bin, 'pg_dump')
  return program !== undefined && existsSync(program) ? program : undefined
}

export function dumpSchema(program: string, url: string): string {
  const { username, password, hostname, port, pathname } = new URL(url)
  // The password goes by the environment: arguments are for everybody to see.
  const dumped = execFileSync(
    program,
    ['--schema-only', `--host=${hostname}`, `--port=${port}`, `--username=${username}`, pathname.slice(1)],
    {
      encoding: 'utf8',
      env: { PGPASSWORD: decodeURIComponent(password), LC_ALL: 'C' },
      maxBuffer: 64 * 1024 * 1024,
    },
  )
  const lasting = dumped
    .split('\n')
    .filter((line) => !/^\\(un)?restrict |^-- (Dumped|PostgreSQL database dump)/.test(line) && line !== '--')
  return (
    head +
    lasting
      .join('\n')
      .replace(/\n{3,}/g, '\n\n')
      .trim() +
    '\n'
  )
}
