import { type AnyRouter, useRouter } from '@tanstack/react-router'
import { useEffect } from 'react'
import { basePath } from '../place.ts'

/** To an address of ours, search and all, in place of the present one. */
function goTo(router: AnyRouter, address: string) {
  router.history.replace((basePath === '/' ? '' : basePath) + address)
}

/** Once, and not again while the page that it leads to is being fetched: then this one is still shown, at the new address. */
export function Leave({ to }: { to: string }) {
  const router = useRouter()
  // biome-ignore lint/correctness/useExhaustiveDependencies: once
  useEffect(() => goTo(router, to), [])
  return null
}

/** The sign-in page, which leads back to where one was. */
const signInFrom = (address: string) => (address === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(address)}`)

export function LeaveToSignIn() {
  return <Leave to={signInFrom(useRouter().latestLocation.href)} />
}
