import { Button, Group, PasswordInput, Stack } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useDisclosure } from '@mantine/hooks'
import { signIn } from '../../api/client.ts'
import { useChange } from '../../api/queries.ts'
import { Failed } from '../../parts/states.tsx'
import { tellDone } from '../../parts/told.ts'

export function NewPassword() {
  const [isOpen, { open, close }] = useDisclosure()
  const form = useForm({ initialValues: { currentPassword: '', newPassword: '' } })
  const changing = useChange(signIn.changePassword, ['sessions'], () => {
    form.reset()
    close()
    tellDone('The password is changed, and every other session has ended.')
  })
  if (!isOpen)
    return (
      <Group justify="flex-end">
        <Button size="compact-sm" variant="default" onClick={open}>
          Change the password
        </Button>
      </Group>
    )
  return (
    <form onSubmit={form.onSubmit((values) => changing.mutate(values))}>
      <Stack gap="sm">
        <PasswordInput label="Present password" required autoComplete="current-password" {...form.getInputProps('currentPassword')} />
        <PasswordInput label="New password" required minLength={8} autoComplete="new-password" {...form.getInputProps('newPassword')} />
        {changing.error && <Failed error={changing.error} />}
        <Group justify="flex-end" gap="xs">
          <Button size="xs" variant="default" onClick={close}>
            Cancel
          </Button>
          <Button size="xs" type="submit" loading={changing.isPending}>
            Change it
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
