import { Menu, Text, UnstyledButton, useMantineColorScheme } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { Icon } from '../parts/icon.tsx'
import { serverUrl } from '../place.ts'
import { usePerson } from '../session/session.ts'
import { useSignOut } from '../session/sign-out.ts'
import styles from './frame.module.css'

const schemes = [
  { value: 'light', label: 'Light', icon: 'sun' },
  { value: 'dark', label: 'Dark', icon: 'moon' },
  { value: 'auto', label: 'As the system', icon: 'gauge' },
] as const

export function PersonMenu() {
  const person = usePerson()
  const signOut = useSignOut()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const isAnonymous = person.isAnonymous === true
  const name = isAnonymous ? 'Looking around' : person.name || person.email
  return (
    <Menu position="top-start" width={204}>
      <Menu.Target>
        <UnstyledButton className={styles.person}>
          <span className={styles.initial} aria-hidden="true">
            {isAnonymous ? '?' : (name[0] ?? '').toUpperCase()}
          </span>
          <span style={{ minWidth: 0, flex: 1 }}>
            <Text size="sm" truncate lh={1.3}>
              {name}
            </Text>
            <Text size="xs" c="dimmed" truncate lh={1.3}>
              {isAnonymous ? 'No account yet' : person.email}
            </Text>
          </span>
          <Icon name="chevron" size={14} />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        {isAnonymous && (
          <>
            <Menu.Item component={Link} to="/sign-up" leftSection={<Icon name="person" />}>
              Keep this: sign up
            </Menu.Item>
            <Menu.Item component={Link} to="/sign-in" leftSection={<Icon name="right" />}>
              I have an account
            </Menu.Item>
            <Menu.Divider />
          </>
        )}
        <Menu.Label>Colours</Menu.Label>
        {schemes.map(({ value, label, icon }) => (
          <Menu.Item
            key={value}
            leftSection={<Icon name={icon} />}
            rightSection={colorScheme === value ? <Icon name="check" size={14} /> : null}
            aria-current={colorScheme === value}
            closeMenuOnClick={false}
            onClick={() => setColorScheme(value)}
          >
            {label}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item component="a" href={`${serverUrl}/docs`} target="_blank" rel="noopener" leftSection={<Icon name="book" />}>
          Reference of the API
        </Menu.Item>
        <Menu.Item leftSection={<Icon name="out" />} onClick={() => signOut.mutate()}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
