import { type ComponentType, type LazyExoticComponent, lazy } from 'react'

type Page = LazyExoticComponent<ComponentType> & { preload?: () => Promise<void> }

/**
 * Fetched when it is opened, or soon to be. Where that fails the frame stays and says so; the router’s own way would load
 * the whole page anew, which leaves nothing where the server is away.
 */
export function lazyPage(load: () => Promise<{ default: ComponentType }>): Page {
  const page: Page = lazy(load)
  // The router asks at every change of the address, and waits: not for what is there.
  page.preload = () =>
    load().then(
      () => {
        delete page.preload
      },
      () => {}, // then the page says so when it is opened
    )
  return page
}
