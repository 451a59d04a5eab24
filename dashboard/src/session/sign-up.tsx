import { Anchor, Button, PasswordInput, Stack, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { signIn } from '../api/client.ts'
import { Leave } from '../frame/leave.tsx'
import { Failed } from '../parts/states.tsx'
import { Entrance } from './entrance.tsx'
import { OtherWays } from './other-ways.tsx'
import { readNext, sessionQuery, withNext } from './session.ts'
import { useEntering } from './use-entering.ts'

export const shortestPassword = 8

export default function SignUpPage() {
  const { next } = useSearch({ strict: false }) as { next?: unknown }
  const { data: person } = useQuery(sessionQuery)
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { name: '', email: '', password: '' },
    validate: {
      email: (value) => (value.includes('@') ? null : 'An e-mail address has an @.'),
      password: (value) => (value.length >= shortestPassword ? null : `At least ${shortestPassword} characters.`),
    },
  })
  const entering = useEntering(signIn.signUp)
  if (person && !person.isAnonymous && !entering.isPending) return <Leave to={readNext(next)} />
  return (
    <Entrance
      title="Make an account"
      lead={person?.isAnonymous ? 'Everything you made while looking around stays yours.' : 'Your provider keys are sealed for you alone.'}
      foot={
        <>
          You have one?{' '}
          <Anchor component={Link} to="/sign-in" search={withNext(next)} size="sm">
            Sign in
          </Anchor>
        </>
      }
    >
      <form onSubmit={form.onSubmit((values) => entering.mutate(values))}>
        <Stack gap="sm">
          <TextInput label="Name" autoComplete="name" required key={form.key('name')} {...form.getInputProps('name')} />
          <TextInput
            label="E-mail"
            type="email"
            autoComplete="username"
            required
            key={form.key('email')}
            {...form.getInputProps('email')}
          />
          <PasswordInput
            label="Password"
            description={`At least ${shortestPassword} characters.`}
            autoComplete="new-password"
            required
            key={form.key('password')}
            {...form.getInputProps('password')}
          />
          {entering.error && <Failed error={entering.error} />}
          <Button type="submit" loading={entering.isPending}>
            Make the account
          </Button>
        </Stack>
      </form>
      <OtherWays />
    </Entrance>
  )
}
