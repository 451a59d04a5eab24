import { KeyloftError } from '@keyloft/sdk'
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'
import { sessionKey } from '../session/session.ts'

/** The session has ended, here or elsewhere: the frame then asks to sign in, and leads back to the same page. */
function noteEnded(error: unknown) {
  if (error instanceof KeyloftError && error.status === 401) queryClient.setQueryData(sessionKey, null)
}

/** A refusal stays one however often it is asked; only what may pass is tried again. */
function mayPass(error: unknown): boolean {
  return !(error instanceof KeyloftError) || error.status === 429 || error.status >= 502
}

export const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError: noteEnded }),
  mutationCache: new MutationCache({ onError: noteEnded }),
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (failures, error) => failures < 2 && mayPass(error),
      retryDelay: (failures) => Math.min(400 * 2 ** failures, 3_000),
      networkMode: 'always', // an address of this machine is reached without a network
      refetchOnWindowFocus: true,
    },
    mutations: { networkMode: 'always' },
  },
})
