/** A day of a model, as a provider's export has it. Absent counts were not in the file. */
export interface InvoiceLine {
  date: string
  model: string
  costUsd: string
  requests?: string
  inputTokens?: string
  outputTokens?: string
}

const required = ['date', 'model', 'cost_usd'] as const
const counts = { requests: 'requests', input_tokens: 'inputTokens', output_tokens: 'outputTokens' } as const

/** CSV with a header. Other columns than ours are left alone. Every line with a fault is named, once. */
export function readInvoice(text: string): { lines: InvoiceLine[] } | { faults: string[] } {
  const { records: all, openQuote } = readCsv(text)
  if (openQuote !== undefined) return { faults: [`line ${openQuote}: a quote begins here and does not end`] }
  const [head, ...records] = all
  const names = (head?.cells ?? []).map((name) => name.trim().toLowerCase())
  const missing = required.filter((name) => !names.includes(name))
  if (missing.length > 0) return { faults: [`line 1: the header lacks ${missing.join(', ')}`] }
  const doubled = [...required, ...Object.keys(counts)].filter((name) => names.indexOf(name) !== names.lastIndexOf(name))
  if (doubled.length > 0) return { faults: [`line 1: the header has ${doubled.join(', ')} more than once`] }
  const lines: InvoiceLine[] = []
  const faults: string[] = []
  for (const { cells, line } of records) {
    if (cells.length === 1 && cells[0]?.trim() === '') continue
    const fault = cells.length === names.length ? undefined : `${cells.length} cells, where the header has ${names.length}`
    const read = fault ?? readLine((name) => cells[names.indexOf(name)]?.trim() ?? '', names)
    if (typeof read === 'string') faults.push(`line ${line}: ${read}`)
    else lines.push(read)
  }
  if (faults.length === 0 && lines.length === 0) return { faults: ['there is no line behind the header'] }
  return faults.length > 0 ? { faults } : { lines }
}

/** The line, or what is wrong with it. */
function readLine(cell: (name: string) => string, names: readonly string[]): InvoiceLine | string {
  const [date, model, costUsd] = [cell('date'), cell('model'), cell('cost_usd')]
  if (!isDay(date)) return `date "${date}" is not a day, such as 2026-11-03`
  if (model === '') return 'model is empty'
  if (/\p{Cc}/u.test(model)) return 'model has control characters'
  if (!/^-?\d{1,12}(\.\d{1,30})?$/.test(costUsd)) return `cost_usd "${costUsd}" is not a decimal number, such as 0.0125`
  const line: InvoiceLine = { date, model, costUsd }
  for (const [name, field] of Object.entries(counts)) {
    if (!names.includes(name)) continue
    const value = cell(name)
    if (!/^\d{1,15}$/.test(value)) return `${name} "${value}" is not a whole number`
    line[field] = value
  }
  return line
}

export function isDay(text: string): boolean {
  const atMs = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : Number.NaN
  return !Number.isNaN(atMs) && new Date(atMs).toISOString().startsWith(text) && !text.startsWith('0000') // PostgreSQL has no such year
}

/** RFC 4180, with the line on which each record begins, and that of a quote which never ends: all behind it would be one cell. */
function readCsv(text: string): { records: { cells: string[]; line: number }[]; openQuote: number | undefined } {
  const records: { cells: string[]; line: number }[] = []
  let cells: string[] = []
  let cell = ''
  let [line, began, quoted, isQuoted] = [1, 1, 1, false]
  const endCell = () => {
    cells.push(cell)
    cell = ''
  }
  const endRecord = () => {
    endCell()
    records.push({ cells, line: began })
    cells = []
  }
  const given = text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n')
  for (let at = 0; at < given.length; at++) {
    const one = given[at] as string
    if (one === '\n') line++
    if (isQuoted) {
      if (one !== '"') cell += one
      else if (given[at + 1] === '"') cell += given[++at]
      else isQuoted = false
    } else if (one === '"' && cell === '') {
      isQuoted = true
      quoted = line
    } else if (one === ',') endCell()
    else if (one === '\n') {
      endRecord()
      began = line
    } else cell += one
  }
  if (cell !== '' || cells.length > 0) endRecord()
  return { records, openQuote: isQuoted ? quoted : undefined }
}
