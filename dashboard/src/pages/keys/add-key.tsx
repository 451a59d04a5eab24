import { Alert, Anchor, Button, Group, Modal, NumberInput, PasswordInput, Select, Stack, Switch, Text, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { keyloft } from '../../api/client.ts'
import { providersQuery, useChange } from '../../api/queries.ts'
import { showFieldErrors } from '../../parts/form-errors.ts'
import { Icon } from '../../parts/icon.tsx'
import { Failed, Shown } from '../../parts/states.tsx'
import { tellDone } from '../../parts/told.ts'
import { verificationFaults } from './standing.tsx'

export function AddKey({ opened, close }: { opened: boolean; close: () => void }) {
  return (
    <Modal opened={opened} onClose={close} title="Add a key">
      <NewKey close={close} />
    </Modal>
  )
}

function NewKey({ close }: { close: () => void }) {
  const providers = useQuery(providersQuery)
  const [rest, setRest] = useState<unknown>(null)
  const form = useForm({
    initialValues: {
      provider: '',
      apiKey: '',
      keyName: '',
      dailyLimit: '' as number | string,
      monthlyLimit: '' as number | string,
      verify: true,
    },
    validate: {
      provider: (value) => (value === '' ? 'Whose key is it?' : null),
      apiKey: (value) => (value.trim() === '' ? 'The key itself is missing.' : null),
    },
  })
  const chosen = providers.data?.items.find(({ id }) => id === form.values.provider)
  const adding = useChange(
    ({ provider, apiKey, keyName, dailyLimit, monthlyLimit, verify }: typeof form.values) =>
      keyloft.post('/api/profile/api-keys', {
        body: {
          provider,
          apiKey: apiKey.trim(),
          keyName: keyName.trim(),
          verify: verify && chosen?.canVerify === true,
          ...(dailyLimit === '' ? {} : { dailyLimit: Number(dailyLimit) }),
          ...(monthlyLimit === '' ? {} : { monthlyLimit: Number(monthlyLimit) }),
        },
      }),
    ['keys', 'resolve', 'profile', 'models'],
    ({ validationError, lastVerifiedAt }) => {
      form.setFieldValue('apiKey', '') // nothing keeps it longer than it must
      if (validationError !== null) return
      tellDone(
        lastVerifiedAt ? `${chosen?.name ?? 'The provider'} takes this key. It is sealed and ready.` : 'The key is sealed and ready.',
      )
      close()
    },
  )
  const fault = adding.data?.validationError
  if (adding.data && fault)
    return (
      <Stack gap="sm">
        <Alert color="yellow" icon={<Icon name="warning" />} title="It is kept, but look at it">
          {chosen?.name}: {verificationFaults[fault]}
        </Alert>
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={() => adding.reset()}>
            Add another
          </Button>
          <Button onClick={close}>Done</Button>
        </Group>
      </Stack>
    )
  const submit = form.onSubmit((values) => {
    setRest(null)
    adding.mutate(values, { onError: (error) => setRest(showFieldErrors(error, form)) })
  })
  return (
    <Shown query={providers}>
      {({ items }) => (
        <form onSubmit={submit}>
          <Stack gap="sm">
            <Select
              data-autofocus
              label="Provider"
              placeholder="Choose"
              searchable
              required
              data={items.map(({ id, name }) => ({ value: id, label: name }))}
              {...form.getInputProps('provider')}
              onChange={(value) => form.setFieldValue('provider', value ?? '')}
            />
            <PasswordInput
              label="Key"
              required
              autoComplete="off"
              spellCheck={false}
              description={
                chosen?.keysAt ? (
                  <Anchor href={chosen.keysAt} target="_blank" rel="noopener noreferrer" size="xs">
                    Where {chosen.name} gives you one
                  </Anchor>
                ) : (
                  'Sealed as soon as it arrives, and never shown again.'
                )
              }
              {...form.getInputProps('apiKey')}
            />
            <TextInput
              label="Name"
              description="Tells several keys of one provider apart. Leave it empty for the only one."
              {...form.getInputProps('keyName')}
            />
            <Group grow align="flex-start">
              <NumberInput
                label="Calls a day"
                placeholder="no limit"
                min={0}
                allowDecimal={false}
                thousandSeparator=","
                {...form.getInputProps('dailyLimit')}
              />
              <NumberInput
                label="Calls a month"
                placeholder="no limit"
                min={0}
                allowDecimal={false}
                thousandSeparator=","
                {...form.getInputProps('monthlyLimit')}
              />
            </Group>
            <Switch
              label="Ask the provider now whether it takes the key"
              disabled={chosen?.canVerify === false}
              description={chosen?.canVerify === false ? `${chosen.name} cannot be asked.` : 'It costs nothing.'}
              {...form.getInputProps('verify', { type: 'checkbox' })}
            />
            {rest !== null && <Failed error={rest} />}
            <Group justify="space-between" gap="xs">
              <Text size="xs" c="dimmed" role="status">
                {adding.isPending && (form.values.verify ? `Asking ${chosen?.name ?? 'the provider'} …` : 'Sealing …')}
              </Text>
              <Group gap="xs">
                <Button variant="default" onClick={close}>
                  Cancel
                </Button>
                <Button type="submit" loading={adding.isPending}>
                  {form.values.verify ? 'Verify and add' : 'Add'}
                </Button>
              </Group>
            </Group>
          </Stack>
        </form>
      )}
    </Shown>
  )
}
