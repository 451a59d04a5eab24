import { keyloft } from '../../api/client.ts'
import type { CallFilter } from '../../api/queries.ts'
import { save } from '../../parts/save.ts'

export async function downloadCsv({ limit: _, cursor: __, ...query }: CallFilter): Promise<'idle' | 'failed'> {
  try {
    const text = await keyloft.get('/api/usage/export.csv', { query })
    save(new Blob([String(text)], { type: 'text/csv' }), `keyloft-calls-${new Date().toISOString().slice(0, 10)}.csv`)
    return 'idle'
  } catch {
    return 'failed'
  }
}
