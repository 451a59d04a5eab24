import { useNetwork } from '@mantine/hooks'
import { Icon } from '../parts/icon.tsx'
import styles from './frame.module.css'

export function Offline() {
  const { online } = useNetwork()
  if (online) return null
  return (
    <div className={styles.notice} role="status">
      <Icon name="warning" size={14} />
      This device is offline. What you see is as it was; it goes on by itself when the network is back.
    </div>
  )
}
