import type { Principal, Scope } from '../../base/principal.ts'
import { httpErrors } from './errors.ts'

/** Who may call a route. Every route declares one; there is no default. */
export type Policy =
  /** Anybody, and why that is right. */
  | { readonly allow: 'anyone'; readonly because: string }
  /** A person who is signed in. An API token needs the scope; a session has them all. */
  | { readonly allow: 'user'; readonly scope: Scope }
  /** service_role, or a person whom an operator made an admin, but not by an API token. */
  | { readonly allow: 'admin' }
  /** The app's own backend, with a service_role credential. */
  | { readonly allow: 'service' }
  /** service_role, or somebody on this very machine. */
  | { readonly allow: 'operator' }

/** @throws 401 for nobody known, 403 for somebody who may not */
export function authorise(policy: Policy, principal: Principal, fromThisMachine: () => boolean) {
  switch (policy.allow) {
    case 'anyone':
      return
    case 'operator':
      if (fromThisMachine() || principal.role === 'service_role') return
      break
    case 'admin':
      if (principal.role === 'service_role' || (principal.isAdmin && principal.tokenId === undefined)) return
      break
    case 'service':
      if (principal.role === 'service_role') return
      break
    case 'user':
      if (principal.role === 'authenticated' && (principal.scopes ?? [policy.scope]).includes(policy.scope)) return
      break
  }
  throw principal.role === 'anon' ? httpErrors.unauthorized() : httpErrors.forbidden()
}
