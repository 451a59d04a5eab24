import { Alert, Button, Checkbox, Group, Modal, Select, Stack, TagsInput, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useState } from 'react'
import { keyloft } from '../../api/client.ts'
import { useChange } from '../../api/queries.ts'
import { CodeBlock } from '../../parts/code-block.tsx'
import { showFieldErrors } from '../../parts/form-errors.ts'
import { Failed } from '../../parts/states.tsx'

const scopes = [
  { value: 'calls', label: 'Call models', description: 'Spends on your keys.' },
  { value: 'read', label: 'Read what you have', description: 'Usage, hints of keys, settings.' },
  { value: 'account', label: 'Change your account', description: 'Keys, tokens, settings, deletion. Few programs need it.' },
] as const

const DAY = 24 * 3_600 * 1_000
const ends = [
  { value: '7', label: 'in a week' },
  { value: '30', label: 'in 30 days' },
  { value: '365', label: 'in a year' },
  { value: '', label: 'never' },
]

/** Closing it forgets the token: nothing of it is kept by the page. */
export function NewToken({ opened, close }: { opened: boolean; close: () => void }) {
  return (
    <Modal opened={opened} onClose={close} title="New token" closeOnClickOutside={false}>
      <Making close={close} />
    </Modal>
  )
}

function Making({ close }: { close: () => void }) {
  const [rest, setRest] = useState<unknown>(null)
  const form = useForm({
    initialValues: { name: '', scopes: ['calls', 'read'] as string[], models: [] as string[], days: '' },
    validate: {
      name: (name) => (name.trim() === '' ? 'A name, to know it by later.' : null),
      scopes: (chosen) => (chosen.length === 0 ? 'It has to be good for something.' : null),
    },
  })
  const making = useChange(
    ({ name, scopes, models, days }: typeof form.values) =>
      keyloft.post('/api/tokens', {
        body: {
          name: name.trim(),
          scopes: scopes as ('calls' | 'read' | 'account')[],
          models: models.length === 0 ? null : models,
          expiresAt: days === '' ? null : new Date(Date.now() + Number(days) * DAY).toISOString(),
        },
      }),
    ['tokens', 'profile'],
  )
  if (making.data)
    return (
      <Stack gap="sm">
        <Alert title="Copy it now">It is shown this once and kept nowhere. Who has it can do what you allowed.</Alert>
        <CodeBlock code={making.data.token} label="the token" />
        <Button onClick={close}>I have it</Button>
      </Stack>
    )
  return (
    <form
      onSubmit={form.onSubmit((values) => {
        setRest(null)
        making.mutate(values, { onError: (error) => setRest(showFieldErrors(error, form)) })
      })}
    >
      <Stack gap="sm">
        <TextInput data-autofocus label="Name" placeholder="laptop, CI, the tutor app" required {...form.getInputProps('name')} />
        <Checkbox.Group label="It may" {...form.getInputProps('scopes')}>
          <Stack gap={8} mt={6}>
            {scopes.map((scope) => (
              <Checkbox key={scope.value} size="sm" {...scope} />
            ))}
          </Stack>
        </Checkbox.Group>
        <TagsInput
          label="Only these models"
          description="None means all. Enter adds one."
          placeholder={form.values.models.length === 0 ? 'all models' : ''}
          {...form.getInputProps('models')}
        />
        <Select label="It ends" data={ends} allowDeselect={false} {...form.getInputProps('days')} />
        {rest !== null && <Failed error={rest} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button type="submit" loading={making.isPending}>
            Make it
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
