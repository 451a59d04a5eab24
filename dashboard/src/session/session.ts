import type { SignedInPerson } from '@keyloft/sdk'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { keyloft, signIn } from '../api/client.ts'

export const sessionKey = ['session'] as const

export const sessionQuery = queryOptions({
  queryKey: sessionKey,
  queryFn: async ({ signal }): Promise<SignedInPerson | null> => (await signIn.present(signal))?.user ?? null,
  staleTime: 60_000,
})

/** Who is signed in. For pages inside the frame, which shows nothing to anybody else. */
export function usePerson(): SignedInPerson {
  const { data } = useQuery(sessionQuery)
  return data ?? { id: '', email: '', name: '', emailVerified: false }
}

export const profileQuery = queryOptions({
  queryKey: ['profile'],
  queryFn: ({ signal }) => keyloft.get('/api/profile', { signal }),
  staleTime: 30_000,
})

/** A page of ours to go on to after signing in. Anything else is not followed. */
export function readNext(next: unknown): string {
  return typeof next === 'string' && /^\/(?![/\\])/.test(next) && !next.startsWith('/sign-') ? next : '/'
}

/** As the search of a link. The routes are data, so the router knows no types of theirs. */
export const withNext = (next: unknown) => (next === undefined ? {} : { next }) as never
