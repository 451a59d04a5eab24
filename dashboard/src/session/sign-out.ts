import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { signIn } from '../api/client.ts'
import { sessionKey } from './session.ts'

export function useSignOut() {
  const queries = useQueryClient()
  const navigate = useNavigate()
  return useMutation({
    mutationFn: () => signIn.signOut(),
    onSuccess: async () => {
      await navigate({ to: '/sign-in' })
      queries.clear()
      queries.setQueryData(sessionKey, null)
    },
  })
}
