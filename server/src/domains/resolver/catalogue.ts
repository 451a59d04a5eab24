import type { Clock } from '../../base/clock.ts'
import type { Database } from '../../platform/database/database.ts'
import type { Signals } from '../../platform/signals/signals.ts'
import { type Catalogue, createCatalogue } from './model-names.ts'

const longestMs = 60_000
const text = `select coalesce(jsonb_agg(jsonb_build_object('provider', provider, 'model', model) order by provider, model), '[]') as rows from public.ai_models`

/** Which provider lists which model. Nobody's secret hangs on it, so a minute's age is no harm where changes are not heard. */
export function createCatalogueMemory(database: Pick<Database, 'systemOnce'>, { clock, signals }: { clock: Clock; signals: Signals }) {
  let known: { catalogue: Catalogue; untilMs: number } | undefined
  let underWay: Promise<Catalogue> | undefined
  signals.onChanged('models', () => {
    known = undefined
    underWay = undefined
  })

  async function load(): Promise<Catalogue> {
    const { rows } = await database.systemOnce('look up the catalogue', { name: 'resolver_catalogue', text, values: [] })
    return createCatalogue(rows as { provider: string; model: string }[])
  }

  return (): Catalogue | Promise<Catalogue> => {
    if (known && known.untilMs > clock()) return known.catalogue
    if (underWay) return underWay
    const asked: Promise<Catalogue> = load()
      .then((catalogue) => {
        if (underWay === asked) known = { catalogue, untilMs: clock() + longestMs }
        return catalogue
      })
      .finally(() => {
        if (underWay === asked) underWay = undefined
      })
    underWay = asked
    return asked
  }
}
