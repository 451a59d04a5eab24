import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'

export interface EnvFile {
  values: Record<string, string>
  /** Sentences that name the line; never its text, which may hold a secret. */
  faults: string[]
}

/** Reads a file of `NAME=value` lines; an absent file is an empty one. */
export function readEnvFile(path: string, name: string): EnvFile {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return { values: {}, faults: [] }
    return { values: {}, faults: [`${name} cannot be read (${code})`] }
  }
  return parseEnvText(text, name)
}

export function parseEnvText(text: string, name: string): EnvFile {
  const lines = text.replace(/^\uFEFF/, '') // some editors begin a file with it; parseEnv would take it for part of a name
  return { values: { ...parseEnv(lines) } as Record<string, string>, faults: findFaults(lines, name) }
}

/** parseEnv skips what it does not understand; a typing error must not silently become a default. */
function findFaults(text: string, name: string): string[] {
  const faults: string[] = []
  const nothing = /^[ \t]*(#|$)/
  let open: { quote: string; line: number } | undefined
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const number = index + 1
    let unread = line
    if (!open) {
      if (nothing.test(line)) continue
      const [, value] = /^[ \t]*(?:export[ \t]+)?[A-Za-z_]\w*[ \t]*=[ \t]*(.*)$/.exec(line) ?? []
      if (value === undefined) faults.push(`line ${number} of ${name} is not of the form NAME=value`)
      const [quote] = /^["'`]/.exec(value ?? '') ?? []
      if (!quote || !value) continue
      open = { quote, line: number }
      unread = value.slice(1)
    }
    const end = unread.indexOf(open.quote)
    if (end < 0) continue
    open = undefined
    if (!nothing.test(unread.slice(end + 1))) faults.push(`line ${number} of ${name} goes on behind its closing quote`)
  }
  if (open) faults.push(`line ${open.line} of ${name} opens a quote that is never closed`)
  return faults
}
