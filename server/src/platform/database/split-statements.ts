export interface Statement {
  text: string
  /** Of its first character, counted from 1. */
  line: number
}

/** What can hide a semicolon: comments, quoted text and names, dollar-quoted bodies. */
const hiding = /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"|(\$(?:[A-Za-z_]\w*)?\$)[\s\S]*?\1|;/g

/**
 * Cuts a migration into its statements, so that a failure can name its statement and line.
 * It does not know `begin atomic` bodies, E'…\'…' strings or nested comments; a test keeps them out of the migrations.
 */
export function splitStatements(sql: string): Statement[] {
  const statements: Statement[] = []
  let start = 0
  for (const match of sql.matchAll(hiding)) {
    if (match[0] !== ';') continue
    push(start, match.index)
    start = match.index + 1
  }
  push(start, sql.length)
  return statements

  function push(from: number, to: number) {
    const piece = sql.slice(from, to)
    const lead = /^(?:\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*/.exec(piece)?.[0].length ?? 0
    const text = piece.slice(lead).trimEnd()
    if (text !== '') statements.push({ text, line: sql.slice(0, from + lead).split('\n').length })
  }
}
