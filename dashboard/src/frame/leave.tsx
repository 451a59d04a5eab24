import { useNavigate, useRouter } from '@tanstack/react-router'
import { useEffect } from 'react'

/** Once, and not again while the page that it leads to is being fetched: then this one is still shown, at the new address. */
export function Leave({ to, search = {} }: { to: string; search?: object }) {
  const navigate = useNavigate()
  // biome-ignore lint/correctness/useExhaustiveDependencies: once
  useEffect(() => void navigate({ to, search: search as never, replace: true }), [])
  return null
}

/** To the sign-in page, which leads back here. */
export function LeaveToSignIn() {
  const { href } = useRouter().latestLocation
  return <Leave to="/sign-in" search={href === '/' ? {} : { next: href }} />
}
