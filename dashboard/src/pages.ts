import type { ComponentType } from 'react'
import type { IconName } from './parts/icon.tsx'

export interface Page {
  path: string
  label: string
  icon: IconName
  /** Pressed behind `g`. */
  key?: string
  group: 'work' | 'access' | 'operator'
  /** More words by which the palette finds it. */
  words?: string
  load: () => Promise<{ default: ComponentType }>
  /** Pages below this one, which the navigation does not list. */
  inside?: { path: string; load: () => Promise<{ default: ComponentType }> }[]
}

/** In the order of the navigation. A new page is a line here and a file beside the others. */
export const pages: readonly Page[] = [
  {
    path: '/',
    label: 'Start',
    icon: 'home',
    key: 's',
    group: 'work',
    words: 'first steps snippets curl',
    load: () => import('./pages/start/start.tsx'),
  },
  {
    path: '/playground',
    label: 'Playground',
    icon: 'play',
    key: 'p',
    group: 'work',
    words: 'chat try stream',
    load: () => import('./pages/playground/playground.tsx'),
  },
  {
    path: '/models',
    label: 'Models',
    icon: 'models',
    key: 'm',
    group: 'work',
    words: 'prices context',
    load: () => import('./pages/models/models.tsx'),
  },
  {
    path: '/usage',
    label: 'Usage',
    icon: 'chart',
    key: 'u',
    group: 'work',
    words: 'spend cost budget calls log csv',
    load: () => import('./pages/usage/usage.tsx'),
    inside: [{ path: '/usage/$id', load: () => import('./pages/usage/call.tsx') }],
  },
  {
    path: '/keys',
    label: 'Keys',
    icon: 'key',
    key: 'k',
    group: 'access',
    words: 'providers gateway order resolve consent strict',
    load: () => import('./pages/keys/keys.tsx'),
  },
  {
    path: '/tokens',
    label: 'Tokens',
    icon: 'token',
    key: 't',
    group: 'access',
    words: 'api scopes',
    load: () => import('./pages/tokens/tokens.tsx'),
  },
  {
    path: '/account',
    label: 'Account',
    icon: 'person',
    key: 'a',
    group: 'access',
    words: 'profile sessions export delete password settings',
    load: () => import('./pages/account/account.tsx'),
  },
  {
    path: '/operator/health',
    label: 'Health',
    icon: 'health',
    group: 'operator',
    words: 'database alerts connections slow queries',
    load: () => import('./pages/operator/health.tsx'),
  },
  {
    path: '/operator/people',
    label: 'People',
    icon: 'people',
    group: 'operator',
    words: 'users accounts tiers registrations retention',
    load: () => import('./pages/operator/people.tsx'),
  },
  {
    path: '/operator/quotas',
    label: 'Quotas',
    icon: 'gauge',
    group: 'operator',
    words: 'tiers limits free pro',
    load: () => import('./pages/operator/quotas.tsx'),
  },
  { path: '/operator/errors', label: 'Errors', icon: 'warning', group: 'operator', load: () => import('./pages/operator/errors.tsx') },
  {
    path: '/operator/audit',
    label: 'Audit',
    icon: 'audit',
    group: 'operator',
    words: 'who did what',
    load: () => import('./pages/operator/audit.tsx'),
  },
  {
    path: '/operator/prices',
    label: 'Prices',
    icon: 'price',
    group: 'operator',
    words: 'model rates',
    load: () => import('./pages/operator/prices.tsx'),
  },
]

export const groupLabels: Record<Page['group'], string> = { work: 'Work', access: 'Access', operator: 'Operator' }
