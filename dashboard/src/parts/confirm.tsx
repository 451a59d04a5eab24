import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core'
import { type FormEvent, type ReactNode, useState } from 'react'
import { Failed } from './states.tsx'

interface Confirm {
  opened: boolean
  close: () => void
  title: string
  /** Has to be typed. */
  name: string
  /** What it affects. */
  children: ReactNode
  action: string
  run: () => void
  isRunning: boolean
  error: unknown
}

/** Before what cannot be undone. */
export function Confirm({ opened, close, title, ...rest }: Confirm) {
  return (
    <Modal opened={opened} onClose={close} title={title}>
      <Asked {...rest} close={close} />
    </Modal>
  )
}

function Asked({ name, children, action, run, isRunning, error, close }: Omit<Confirm, 'opened' | 'title'>) {
  const [typed, setTyped] = useState('')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (typed.trim() === name) run()
  }
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Text size="sm" component="div">
          {children}
        </Text>
        <TextInput
          data-autofocus
          label={
            <>
              Type <b>{name}</b> to go on
            </>
          }
          value={typed}
          onChange={({ currentTarget }) => setTyped(currentTarget.value)}
          autoComplete="off"
          spellCheck={false}
        />
        {error !== null && <Failed error={error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close}>
            Leave it
          </Button>
          <Button type="submit" color="red" disabled={typed.trim() !== name} loading={isRunning}>
            {action}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
