import { Box, Burger, Button, Drawer, Group, Text, UnstyledButton, VisuallyHidden } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { Outlet, useLocation } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useRef } from 'react'
import { Icon } from '../parts/icon.tsx'
import { Failed, Loading } from '../parts/states.tsx'
import { sessionQuery } from '../session/session.ts'
import styles from './frame.module.css'
import { LeaveToSignIn } from './leave.tsx'
import { Navigation } from './navigation.tsx'
import { Offline } from './offline.tsx'
import { PersonMenu } from './person-menu.tsx'
import { useShortcuts } from './shortcuts.ts'
import { Wordmark } from './wordmark.tsx'

const Palette = lazy(() => import('./palette.tsx'))

/** Around every page of somebody who is signed in, anonymous people included. */
export function Frame() {
  const { data: person, error, isPending, refetch } = useQuery(sessionQuery)
  if (person) return <Inside key={person.id} />
  if (person === null) return <LeaveToSignIn />
  return (
    <Box component="main" maw={460} mx="auto" mt="20vh" px="md">
      {isPending ? <Loading rows={3} label="Asking who you are" /> : <Failed error={error} retry={refetch} />}
    </Box>
  )
}

function Inside() {
  const [isOpen, { open, close }] = useDisclosure()
  const [isPalette, palette] = useDisclosure()
  const { pathname } = useLocation()
  const main = useRef<HTMLElement>(null)
  useShortcuts(palette.open)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page closes the drawer
  useEffect(close, [pathname])

  return (
    <div className={styles.frame}>
      <button type="button" className={styles.skip} onClick={() => main.current?.focus()}>
        Skip to the page
      </button>
      <header className={styles.header}>
        <Wordmark />
        <Group gap={4}>
          <Button variant="subtle" color="gray" size="compact-sm" px={8} onClick={palette.open} aria-label="Go to …">
            <Icon name="search" />
          </Button>
          <Burger opened={isOpen} onClick={open} size="sm" aria-label="Open the navigation" />
        </Group>
      </header>
      <aside className={styles.navbar} aria-label="Navigation">
        <Wordmark />
        <UnstyledButton className={styles.search} onClick={palette.open}>
          <Icon name="search" size={14} />
          <Text size="xs" flex={1}>
            Go to …
          </Text>
          <small className={styles.hint} aria-hidden>
            {isMac ? '⌘' : 'Ctrl'} K
          </small>
        </UnstyledButton>
        <Navigation />
        <PersonMenu />
      </aside>
      <Drawer opened={isOpen} onClose={close} size={264} title={<VisuallyHidden>Navigation</VisuallyHidden>} padding="sm" hiddenFrom="sm">
        <div className={styles.drawer}>
          <Navigation />
          <PersonMenu />
        </div>
      </Drawer>
      <main ref={main} id="main" tabIndex={-1} className={styles.main}>
        <Offline />
        <div className={styles.content}>
          <Suspense fallback={<Loading rows={6} />}>
            <Outlet />
          </Suspense>
        </div>
      </main>
      <Suspense fallback={null}>{isPalette && <Palette close={palette.close} />}</Suspense>
    </div>
  )
}

const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent)
