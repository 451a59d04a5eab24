import { Modal, Text, TextInput, useMantineColorScheme } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { type KeyboardEvent, useEffect, useId, useState } from 'react'
import { Icon, type IconName } from '../parts/icon.tsx'
import { serverUrl } from '../place.ts'
import { useSignOut } from '../session/sign-out.ts'
import styles from './frame.module.css'
import { usePages } from './navigation.tsx'

interface Choice {
  label: string
  words: string
  icon: IconName
  hint?: string
  run: () => void
}

/** Fetched when it is first opened. */
export default function Palette({ close }: { close: () => void }) {
  return (
    <Modal opened onClose={close} withCloseButton={false} padding="xs" yOffset="14vh" centered={false} size="md" title={null}>
      <Choices close={close} />
    </Modal>
  )
}

function Choices({ close }: { close: () => void }) {
  const [sought, seek] = useState('')
  const [at, setAt] = useState(0)
  const id = useId()
  const words = sought.toLowerCase().split(/\s+/)
  const found = useChoices().filter((choice) => words.every((word) => `${choice.label} ${choice.words}`.toLowerCase().includes(word)))
  useEffect(() => document.getElementById(`${id}-${at}`)?.scrollIntoView({ block: 'nearest' }), [id, at])

  const choose = (choice: Choice | undefined) => {
    if (!choice) return
    close()
    choice.run()
  }
  const move = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (event.key === 'Enter') choose(found[at])
    else if (step && found.length > 0) setAt((at + step + found.length) % found.length)
    else return
    event.preventDefault()
  }

  return (
    <>
      <TextInput
        data-autofocus
        variant="unstyled"
        px="xs"
        placeholder="Go to a page, or do something"
        aria-label="Go to a page, or do something"
        role="combobox"
        aria-expanded
        aria-controls={`${id}-list`}
        aria-activedescendant={found[at] ? `${id}-${at}` : undefined}
        value={sought}
        onChange={({ currentTarget }) => {
          seek(currentTarget.value)
          setAt(0)
        }}
        onKeyDown={move}
      />
      <div role="listbox" id={`${id}-list`} aria-label="Pages and actions">
        {found.map((choice, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the focus, and its keys choose
          // biome-ignore lint/a11y/useFocusableInteractive: as aria-activedescendant has it
          <div
            key={choice.label}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === at}
            className={styles.option}
            onMouseMove={() => setAt(index)}
            onClick={() => choose(choice)}
          >
            <Icon name={choice.icon} />
            {choice.label}
            {choice.hint && <small className={styles.hint}>{choice.hint}</small>}
          </div>
        ))}
      </div>
      {found.length === 0 && (
        <Text size="sm" c="dimmed" p="xs" role="status">
          Nothing is called so.
        </Text>
      )}
    </>
  )
}

function useChoices(): Choice[] {
  const pages = usePages()
  const navigate = useNavigate()
  const signOut = useSignOut()
  const { setColorScheme } = useMantineColorScheme()
  return [
    ...pages.map(({ path, label, icon, key, words = '' }) => ({
      label,
      words,
      icon,
      ...(key ? { hint: `g ${key}` } : {}),
      run: () => void navigate({ to: path }),
    })),
    {
      label: 'Reference of the API',
      words: 'docs openapi',
      icon: 'book',
      run: () => void window.open(`${serverUrl}/docs`, '_blank', 'noopener'),
    },
    { label: 'Light colours', words: 'theme', icon: 'sun', run: () => setColorScheme('light') },
    { label: 'Dark colours', words: 'theme', icon: 'moon', run: () => setColorScheme('dark') },
    { label: 'Colours of the system', words: 'theme auto', icon: 'gauge', run: () => setColorScheme('auto') },
    { label: 'Sign out', words: 'leave log', icon: 'out', run: () => signOut.mutate() },
  ]
}
