import { useQuery } from '@tanstack/react-query'
import { Link, useLocation } from '@tanstack/react-router'
import { groupLabels, type Page, pages } from '../pages.ts'
import { Icon } from '../parts/icon.tsx'
import { profileQuery } from '../session/session.ts'
import styles from './frame.module.css'

/** Those that this person may open. The server decides again, whatever is shown. */
export function usePages(): readonly Page[] {
  const { data } = useQuery(profileQuery)
  return data?.isAdmin ? pages : pages.filter(({ group }) => group !== 'operator')
}

export function Navigation() {
  const shown = usePages()
  const { pathname } = useLocation()
  const isCurrent = (path: string) => (path === '/' ? pathname === '/' : pathname === path || pathname.startsWith(`${path}/`))
  return (
    <nav className={styles.nav} aria-label="Pages">
      {Object.entries(groupLabels).map(([group, label]) => {
        const inGroup = shown.filter((page) => page.group === group)
        if (inGroup.length === 0) return null
        return (
          <div key={group}>
            <div className={styles.group}>{label}</div>
            {inGroup.map((page) => (
              <Link key={page.path} to={page.path} className={styles.link} aria-current={isCurrent(page.path) ? 'page' : undefined}>
                <Icon name={page.icon} />
                {page.label}
                {page.key && (
                  <small className={styles.hint} aria-hidden>
                    G {page.key.toUpperCase()}
                  </small>
                )}
              </Link>
            ))}
          </div>
        )
      })}
    </nav>
  )
}
