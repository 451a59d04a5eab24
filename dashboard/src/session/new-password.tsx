import { Alert, Anchor, Button, PasswordInput, Stack } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { signIn } from '../api/client.ts'
import { Failed } from '../parts/states.tsx'
import { Entrance } from './entrance.tsx'
import { shortestPassword } from './sign-up.tsx'

/** Where the link of a mail leads to. */
export default function NewPasswordPage() {
  const { token } = useSearch({ strict: false }) as { token?: unknown }
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { newPassword: '' },
    validate: { newPassword: (value) => (value.length >= shortestPassword ? null : `At least ${shortestPassword} characters.`) },
  })
  const setting = useMutation({ mutationFn: signIn.resetPassword })
  const toSignIn = (
    <Anchor component={Link} to="/sign-in" size="sm">
      Sign in
    </Anchor>
  )
  return (
    <Entrance title="A new password" foot={toSignIn}>
      {typeof token !== 'string' && <Alert color="red">This link is not whole, or was used. Ask for another from the sign-in page.</Alert>}
      {typeof token === 'string' && !setting.isSuccess && (
        <form onSubmit={form.onSubmit((values) => setting.mutate({ ...values, token }))}>
          <Stack gap="sm">
            <PasswordInput
              label="New password"
              autoComplete="new-password"
              required
              key={form.key('newPassword')}
              {...form.getInputProps('newPassword')}
            />
            {setting.error && <Failed error={setting.error} />}
            <Button type="submit" loading={setting.isPending}>
              Set it
            </Button>
          </Stack>
        </form>
      )}
      {setting.isSuccess && <Alert>It is set. Every session has ended; sign in with it.</Alert>}
    </Entrance>
  )
}
