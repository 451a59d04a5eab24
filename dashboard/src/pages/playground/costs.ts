import { useQuery } from '@tanstack/react-query'
import { keyloft } from '../../api/client.ts'
import { callQuery } from '../../api/queries.ts'

interface Rates {
  input: string | null
  output: string | null
}

/** The rates of a call that is not long. */
export function useRates(provider: string | undefined, model: string | undefined): Rates | undefined {
  const { data } = useQuery({
    queryKey: ['models', 'rates', provider, model],
    queryFn: async ({ signal }) => {
      const { items } = await keyloft.get('/api/models', { query: { provider: provider ?? '', search: model ?? '', limit: 100 }, signal })
      return items.find((item) => item.model === model)?.prices[0] ?? null
    },
    enabled: Boolean(provider && model),
    staleTime: 60_000,
  })
  return data ?? undefined
}

/** As it stands in the books: exact, and there a moment after the last byte; of one that was stopped, when its provider has let go. */
export function useBooked(requestId: string | undefined, ended: boolean) {
  return useQuery({
    ...callQuery(requestId ?? ''),
    enabled: ended && requestId !== undefined,
    retry: 12, // for some two minutes, with longer and longer pauses
    retryDelay: (failures) => Math.min(400 * 2 ** failures, 15_000),
    staleTime: Number.POSITIVE_INFINITY,
  })
}

/** Nobody counts exactly before the provider has: four characters to a token, as English has them. */
export const aboutTokens = (characters: number) => Math.ceil(characters / 4)

/** An estimate, and shown as one. What is exact comes from the books as text. */
export function aboutCost(input: number, output: number, rates: Rates | undefined): string | undefined {
  if (rates?.input == null || rates.output == null) return undefined
  const usd = (input * Number(rates.input) + output * Number(rates.output)) / 1_000_000
  return usd === 0 ? '~$0' : `~$${usd.toLocaleString('en', { maximumSignificantDigits: 2, useGrouping: false, maximumFractionDigits: 10 })}`
}
