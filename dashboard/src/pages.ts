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
]

export const groupLabels: Record<Page['group'], string> = { work: 'Work', access: 'Access', operator: 'Operator' }
