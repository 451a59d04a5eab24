import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { Broken } from './frame/broken.tsx'
import { Frame } from './frame/frame.tsx'
import { Missing } from './frame/missing.tsx'
import { pages } from './pages.ts'
import { basePath } from './place.ts'

const root = createRootRoute({ notFoundComponent: Missing })

const outside = [
  createRoute({ getParentRoute: () => root, path: '/sign-in', component: lazyRouteComponent(() => import('./session/sign-in.tsx')) }),
  createRoute({ getParentRoute: () => root, path: '/sign-up', component: lazyRouteComponent(() => import('./session/sign-up.tsx')) }),
  createRoute({
    getParentRoute: () => root,
    path: '/new-password',
    component: lazyRouteComponent(() => import('./session/new-password.tsx')),
  }),
]

const frame = createRoute({ getParentRoute: () => root, id: 'frame', component: Frame })

const inside = pages
  .flatMap((page) => [page, ...(page.inside ?? [])])
  .map(({ path, load }) => createRoute({ getParentRoute: () => frame, path, component: lazyRouteComponent(load) }))

export const router = createRouter({
  routeTree: root.addChildren([...outside, frame.addChildren(inside)]),
  basepath: basePath,
  defaultPreload: 'intent',
  defaultErrorComponent: Broken as never, // its type asks for a lazy one, its code for either
  scrollRestoration: true,
})
