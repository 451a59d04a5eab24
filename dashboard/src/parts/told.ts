import { notifications } from '@mantine/notifications'

/** Of something done, where the page alone does not show it. */
export function tellDone(message: string) {
  notifications.show({ message, color: 'petrol', autoClose: 3_000 })
}
