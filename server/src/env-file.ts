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
  return { values: { ...parseEnv(text) } as Record<string, string>, faults: findFaults(text, name) }
}

/** parseEnv skips what it does not understand; a typing error must not silently become a default. */
function findFaults(text: string, name: string): string[] {
  const faults: string[] = []
  let openedAt = 0
  let quote = ''
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (quote) {
      if (line.includes(quote)) quote = ''
      continue
    }
    if (/^\s*(#|$)/.test(line)) continue
    const [, value] = /^\s*(?:export\s+)?[A-Za-z_]\w*\s*=\s*(.*)$/.exec(line) ?? []
    if (value === undefined) {
      faults.push(`line ${index + 1} of ${name} is not of the form NAME=value`)
      continue
    }
    const first = value[0] ?? ''
    if ('"\'`'.includes(first) && first !== '' && !value.slice(1).includes(first)) {
      quote = first
      openedAt = index + 1
    }
  }
  if (quote) faults.push(`line ${openedAt} of ${name} opens a quote that is never closed`)
  return faults
}
