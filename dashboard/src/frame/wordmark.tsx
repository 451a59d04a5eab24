import { Link } from '@tanstack/react-router'
import styles from './frame.module.css'

export function Wordmark() {
  return (
    <Link to="/" className={styles.mark} aria-label="Keyloft, to the start">
      <svg width="22" height="22" viewBox="0 0 32 32" aria-hidden="true">
        <rect width="32" height="32" rx="7" fill="var(--mantine-primary-color-filled)" />
        <g fill="none" stroke="var(--mantine-primary-color-contrast)" strokeWidth="2.6" strokeLinecap="round" strokeLinejoin="round">
          <path d="M6 14.5 16 6l10 8.5" />
          <circle cx="12.5" cy="20" r="3.6" />
          <path d="M16.2 20H25m-3.2 0v3.4" />
        </g>
      </svg>
      Keyloft
    </Link>
  )
}
