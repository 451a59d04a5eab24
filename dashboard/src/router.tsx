import { createRootRoute, createRoute, createRouter, redirect } from '@tanstack/react-router'
import { queryClient } from './api/query-client.ts'
import { Broken } from './frame/broken.tsx'
import { Frame } from './frame/frame.tsx'
import { lazyPage } from './frame/lazy-page.ts'
import { Missing } from './frame/missing.tsx'
import { Waiting } from './frame/waiting.tsx'
import { pages } from './pages.ts'
import { basePath } from './place.ts'
import { sessionQuery } from './session/session.ts'

const waitMs = 150

const root = createRootRoute({ notFoundComponent: Missing })

const outside = [
  createRoute({ getParentRoute: () => root, path: '/sign-in', component: lazyPage(() => import('./session/sign-in.tsx')) }),
  createRoute({ getParentRoute: () => root, path: '/sign-up', component: lazyPage(() => import('./session/sign-up.tsx')) }),
  createRoute({
    getParentRoute: () => root,
    path: '/new-password',
    component: lazyPage(() => import('./session/new-password.tsx')),
  }),
]

/** Who is not signed in is led away before any of a page is fetched. Where nobody can say who it is, the frame says so. */
const frame = createRoute({
  getParentRoute: () => root,
  id: 'frame',
  component: Frame,
  beforeLoad: async ({ location, preload }) => {
    const person = preload ? undefined : await queryClient.ensureQueryData(sessionQuery).catch(() => undefined)
    if (person === null) throw redirect({ to: '/sign-in', search: location.href === '/' ? {} : { next: location.href }, replace: true })
  },
})

const inside = pages
  .flatMap((page) => [page, ...(page.inside ?? [])])
  .map(({ path, load }) => createRoute({ getParentRoute: () => frame, path, component: lazyPage(load) }))

export const router = createRouter({
  routeTree: root.addChildren([...outside, frame.addChildren(inside)]),
  basepath: basePath,
  defaultPreload: 'intent',
  defaultPendingComponent: Waiting,
  defaultPendingMs: waitMs,
  defaultPendingMinMs: 0,
  defaultErrorComponent: Broken as never, // its type asks for a lazy one, its code for either
  scrollRestoration: true,
})
