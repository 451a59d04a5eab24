import type { Profile } from '@keyloft/sdk'
import { Badge, Button, Group, Stack, Text, Textarea, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useState } from 'react'
import { keyloft } from '../../api/client.ts'
import { useChange } from '../../api/queries.ts'
import { showFieldErrors } from '../../parts/form-errors.ts'
import { Moment } from '../../parts/moment.tsx'
import { Failed } from '../../parts/states.tsx'
import { tellDone } from '../../parts/told.ts'

export function ProfileForm({ profile }: { profile: Profile }) {
  const [rest, setRest] = useState<unknown>(null)
  const form = useForm({ initialValues: { displayName: profile.displayName ?? '', bio: profile.bio ?? '' } })
  const orNull = (text: string) => (text.trim() === '' ? null : text.trim())
  const saving = useChange(
    ({ displayName, bio }: typeof form.values) =>
      keyloft.put('/api/profile', { body: { displayName: orNull(displayName), bio: orNull(bio) } }),
    ['profile'],
    () => {
      form.resetDirty()
      tellDone('Your profile is saved.')
    },
  )
  return (
    <form
      onSubmit={form.onSubmit((values) => {
        setRest(null)
        saving.mutate(values, { onError: (error) => setRest(showFieldErrors(error, form)) })
      })}
    >
      <Stack gap="sm">
        <Group gap={8}>
          <Badge>{profile.tier}</Badge>
          {profile.isAdmin && <Badge color="yellow">admin</Badge>}
          <Text size="xs" c="dimmed">
            here since <Moment at={profile.createdAt} never="unknown" />
          </Text>
        </Group>
        <TextInput label="Name" autoComplete="name" {...form.getInputProps('displayName')} />
        <Textarea label="About you" autosize minRows={2} maxRows={6} {...form.getInputProps('bio')} />
        {rest !== null && <Failed error={rest} />}
        <Group justify="flex-end">
          <Button type="submit" size="xs" loading={saving.isPending} disabled={!form.isDirty()}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
