import { Alert, Anchor, Button, PasswordInput, Stack, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { signIn } from '../api/client.ts'
import { Leave } from '../frame/leave.tsx'
import { Failed } from '../parts/states.tsx'
import { pageUrl } from '../place.ts'
import { Entrance } from './entrance.tsx'
import { OtherWays } from './other-ways.tsx'
import { readNext, sessionQuery, withNext } from './session.ts'
import { useEntering } from './use-entering.ts'

export default function SignInPage() {
  const search = useSearch({ strict: false }) as { next?: unknown; error?: unknown }
  const { data: person } = useQuery(sessionQuery)
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { email: '', password: '' },
    validate: { email: (value) => (value.includes('@') ? null : 'An e-mail address has an @.') },
  })
  const entering = useEntering(signIn.withPassword)
  const forgot = useMutation({
    mutationFn: (email: string) => signIn.requestPasswordReset({ email, redirectTo: pageUrl('/new-password') }),
  })
  if (person && !person.isAnonymous && !entering.isPending) return <Leave to={readNext(search.next)} />

  const askForNew = () => {
    if (!form.validateField('email').hasError) forgot.mutate(form.getValues().email)
  }
  return (
    <Entrance
      title="Sign in"
      lead={leadOf(search.next !== undefined, person?.isAnonymous === true)}
      foot={
        <>
          New here?{' '}
          <Anchor component={Link} to="/sign-up" search={withNext(search.next)} size="sm">
            Make an account
          </Anchor>
        </>
      }
    >
      <form onSubmit={form.onSubmit((values) => entering.mutate(values))}>
        <Stack gap="sm">
          {typeof search.error === 'string' && !entering.isPending && (
            <Alert color="red">The account elsewhere did not sign you in ({search.error.slice(0, 80)}).</Alert>
          )}
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
            autoComplete="current-password"
            required
            key={form.key('password')}
            {...form.getInputProps('password')}
          />
          {entering.error && <Failed error={entering.error} />}
          {forgot.error && <Failed error={forgot.error} />}
          {forgot.isSuccess && <Alert>If there is an account with this address, a link to a new password is on its way.</Alert>}
          <Button type="submit" loading={entering.isPending}>
            Sign in
          </Button>
          <Button variant="subtle" size="compact-sm" onClick={askForNew} loading={forgot.isPending}>
            I forgot my password
          </Button>
        </Stack>
      </form>
      <OtherWays />
    </Entrance>
  )
}

function leadOf(hasNext: boolean, isAnonymous: boolean): string {
  if (isAnonymous) return 'What you made while looking around is moved to your account.'
  return hasNext ? 'Then you are back where you were.' : 'Your keys, what they are used for, and what it costs.'
}
