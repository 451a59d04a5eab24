import type { RequestOf } from '@keyloft/sdk'
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { keyloft } from './client.ts'

/** How often what others change is asked for, while somebody looks. */
const watchMs = 4_000

export const providersQuery = queryOptions({
  queryKey: ['providers'],
  queryFn: ({ signal }) => keyloft.get('/api/providers', { signal }),
  staleTime: Number.POSITIVE_INFINITY,
})

export const keysQuery = queryOptions({
  queryKey: ['keys'],
  queryFn: ({ signal }) => keyloft.get('/api/profile/api-keys', { signal }),
})

export const gatewayQuery = queryOptions({
  queryKey: ['gateway'],
  queryFn: ({ signal }) => keyloft.get('/api/profile/gateway', { signal }),
})

export const settingsQuery = queryOptions({
  queryKey: ['settings'],
  queryFn: ({ signal }) => keyloft.get('/api/settings', { signal }),
})

export const tokensQuery = queryOptions({
  queryKey: ['tokens'],
  queryFn: ({ signal }) => keyloft.get('/api/tokens', { query: { limit: 100 }, signal }),
})

type ResolveQuery = NonNullable<RequestOf<'GET /api/resolve'>['query']>

export const resolveQuery = (query: ResolveQuery) =>
  queryOptions({ queryKey: ['resolve', query], queryFn: ({ signal }) => keyloft.get('/api/resolve', { query, signal }), staleTime: 0 })

export const quotasQuery = queryOptions({
  queryKey: ['quotas'],
  queryFn: ({ signal }) => keyloft.get('/api/profile/quotas', { signal }),
  refetchInterval: watchMs,
})

export type UsageFilter = NonNullable<RequestOf<'GET /api/profile/usage'>['query']>
export type CallFilter = NonNullable<RequestOf<'GET /api/usage/calls'>['query']>

export const usageQuery = (query: UsageFilter) =>
  queryOptions({
    queryKey: ['usage', query],
    queryFn: ({ signal }) => keyloft.get('/api/profile/usage', { query, signal }),
    refetchInterval: watchMs,
  })

export const callsQuery = (query: CallFilter) =>
  queryOptions({
    queryKey: ['calls', query],
    queryFn: ({ signal }) => keyloft.get('/api/usage/calls', { query, signal }),
    refetchInterval: query.cursor ? false : watchMs,
  })

export const callQuery = (id: string) =>
  queryOptions({ queryKey: ['call', id], queryFn: ({ signal }) => keyloft.get('/api/usage/calls/{id}', { params: { id }, signal }) })

export type ModelFilter = NonNullable<RequestOf<'GET /api/models'>['query']>

export const modelsQuery = (query: ModelFilter) =>
  queryOptions({ queryKey: ['models', query], queryFn: ({ signal }) => keyloft.get('/api/models', { query, signal }), staleTime: 60_000 })

/** Does something, and has what it changes asked for anew. */
export function useChange<Input, Output>(
  change: (input: Input) => Promise<Output>,
  changed: readonly string[],
  onDone?: (output: Output) => void,
) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: change,
    onSuccess: async (output) => {
      onDone?.(output)
      await Promise.all(changed.map((key) => queries.invalidateQueries({ queryKey: [key] })))
    },
  })
}
