import type { Provider, ProviderKey } from '@keyloft/sdk'
import { Button, Group, Modal, NumberInput, PasswordInput, Stack, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useState } from 'react'
import { keyloft } from '../../api/client.ts'
import { useChange } from '../../api/queries.ts'
import { showFieldErrors } from '../../parts/form-errors.ts'
import { Failed } from '../../parts/states.tsx'
import { nameOf } from './standing.tsx'

interface Change {
  of: ProviderKey
  provider: Provider | undefined
  opened: boolean
  close: () => void
}

export function ChangeKey({ opened, ...rest }: Change) {
  return (
    <Modal opened={opened} onClose={rest.close} title={`Change ${nameOf(rest.of, rest.provider)}`}>
      <Changing {...rest} />
    </Modal>
  )
}

function Changing({ of: key, provider, close }: Omit<Change, 'opened'>) {
  const [rest, setRest] = useState<unknown>(null)
  const form = useForm({
    initialValues: {
      keyName: key.keyName,
      priority: key.priority as number | string,
      dailyLimit: (key.dailyLimit ?? '') as number | string,
      monthlyLimit: (key.monthlyLimit ?? '') as number | string,
      apiKey: '',
    },
  })
  const limit = (value: number | string) => (value === '' ? null : Number(value))
  const changing = useChange(
    ({ keyName, priority, dailyLimit, monthlyLimit, apiKey }: typeof form.values) =>
      keyloft.put('/api/profile/api-keys/{id}', {
        params: { id: key.id },
        body: {
          keyName: keyName.trim(),
          priority: Number(priority),
          dailyLimit: limit(dailyLimit),
          monthlyLimit: limit(monthlyLimit),
          ...(apiKey.trim() === '' ? {} : { apiKey: apiKey.trim(), verify: provider?.canVerify === true }),
        },
      }),
    ['keys', 'resolve'],
    close,
  )
  return (
    <form
      onSubmit={form.onSubmit((values) => {
        setRest(null)
        changing.mutate(values, { onError: (error) => setRest(showFieldErrors(error, form)) })
      })}
    >
      <Stack gap="sm">
        <TextInput data-autofocus label="Name" {...form.getInputProps('keyName')} />
        <NumberInput
          label="Order"
          description="Among the keys of one provider, the lower is tried first."
          min={0}
          allowDecimal={false}
          {...form.getInputProps('priority')}
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
        <PasswordInput
          label="Another key in its place"
          description="Leave it empty to keep the one there is."
          autoComplete="off"
          spellCheck={false}
          {...form.getInputProps('apiKey')}
        />
        {rest !== null && <Failed error={rest} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button type="submit" loading={changing.isPending}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
