import { Button, Divider, Stack } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { signIn } from '../api/client.ts'
import { Failed } from '../parts/states.tsx'
import { pageUrl } from '../place.ts'
import { readNext, usePerson } from './session.ts'
import { useEntering } from './use-entering.ts'

/** Accounts elsewhere, where the operator set any up, and a look around without one. */
export function OtherWays() {
  const { next } = useSearch({ strict: false }) as { next?: unknown }
  const isAnonymous = usePerson().isAnonymous === true
  const { data } = useQuery({ queryKey: ['sign-in providers'], queryFn: () => signIn.providers(), staleTime: Number.POSITIVE_INFINITY })
  const lookAround = useEntering<void>(() => signIn.anonymously())
  const visit = useMutation({
    mutationFn: (provider: string) =>
      signIn.elsewhere({ provider, callbackURL: pageUrl(readNext(next)), errorCallbackURL: pageUrl('/sign-in') }),
    onSuccess: ({ url }) => location.assign(url),
  })
  return (
    <Stack gap="xs" mt="md">
      <Divider label="or" />
      {data?.items.map(({ id, name }) => (
        <Button key={id} variant="default" loading={visit.isPending && visit.variables === id} onClick={() => visit.mutate(id)}>
          Continue with {name}
        </Button>
      ))}
      {!isAnonymous && (
        <Button variant="default" onClick={() => lookAround.mutate()} loading={lookAround.isPending}>
          Look around without an account
        </Button>
      )}
      {(lookAround.error ?? visit.error) && <Failed error={lookAround.error ?? visit.error} />}
    </Stack>
  )
}
