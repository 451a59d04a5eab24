import { useLocation, useMatch, useNavigate } from '@tanstack/react-router'

type Filters<Name extends string> = { [K in Name]?: string }
type Changed<Name extends string> = { [K in Name]?: string | undefined }

/**
 * What this page’s address asks for, from the moment it is changed. The router’s `useSearch` says so only when it has loaded
 * the page for it, and who types quickly is ahead of that: their call would go to half the name of a model.
 */
export function useAsked(): Record<string, unknown> {
  const shown = useMatch({ strict: false })
  const newest = useLocation()
  return newest.pathname === shown.pathname ? newest.search : shown.search // another page’s, once this one is being left
}

/**
 * What a page is asked for stands in its address, so that a link leads to the same and Back leads back.
 * An empty text is none, unless it is to be kept.
 */
export function useFilters<const Name extends string>(
  names: readonly Name[],
): [Filters<Name>, (changed: Changed<Name>, empty?: 'keep') => void] {
  const search = useAsked()
  const navigate = useNavigate()
  const values: Filters<Name> = {}
  for (const name of names) if (search[name] !== undefined && search[name] !== null) values[name] = String(search[name])

  const set = (changed: Changed<Name>, empty?: 'keep') => {
    const next: Record<string, unknown> = { ...search }
    for (const [name, value] of Object.entries<string | undefined>(changed as Record<string, string | undefined>)) {
      if (value === undefined || (value === '' && empty !== 'keep')) delete next[name]
      else next[name] = asWritten(value)
    }
    void navigate({ to: '.', search: next as never, replace: true, resetScroll: false } as never)
  }
  return [values, set]
}

/** The router would put quotes around a text that reads like a number. */
function asWritten(value: string): unknown {
  if (value === 'true' || value === 'false') return value === 'true'
  return value !== '' && String(Number(value)) === value ? Number(value) : value
}
