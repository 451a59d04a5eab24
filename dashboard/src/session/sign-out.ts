import { useMutation } from '@tanstack/react-query'
import { signIn } from '../api/client.ts'
import { pageUrl } from '../place.ts'

/** The page is loaded anew, so that nothing of whoever left is in its memory. */
export const leaveForGood = () => location.assign(pageUrl('/sign-in'))

export function useSignOut() {
  return useMutation({ mutationFn: () => signIn.signOut(), onSuccess: leaveForGood })
}
