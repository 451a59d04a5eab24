import { type ComponentType, lazy } from 'react'

/**
 * Fetched when it is opened, or soon to be. Where that fails the frame stays and says so; the router’s own way would load
 * the whole page anew, which leaves nothing where the server is away.
 */
export function lazyPage(load: () => Promise<{ default: ComponentType }>) {
  const preload = () =>
    load().then(
      () => {},
      () => {}, // then the page says so when it is opened
    )
  return Object.assign(lazy(load), { preload })
}
