import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { readNext, sessionQuery } from './session.ts'

/** After signing in nothing of whoever was here before is left; then on to the page that was asked for. */
export function useEntering<Input>(enter: (input: Input) => Promise<unknown>) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const { next } = useSearch({ strict: false }) as { next?: unknown }
  return useMutation({
    mutationFn: enter,
    onSuccess: async () => {
      queries.clear()
      await queries.fetchQuery(sessionQuery)
      await navigate({ to: readNext(next), replace: true })
    },
  })
}
