import { Loading } from '../parts/states.tsx'
import styles from './frame.module.css'

/** While a page’s file is fetched, or it is asked who is here. */
export function Waiting() {
  return (
    <div className={styles.content}>
      <Loading rows={5} />
    </div>
  )
}
