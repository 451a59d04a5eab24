import type { GatewayConfig } from '@keyloft/sdk'
import { Badge, Button, Card, Group, PasswordInput, Stack, Text, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useDisclosure } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { keyloft } from '../../api/client.ts'
import { gatewayQuery, useChange } from '../../api/queries.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { showFieldErrors } from '../../parts/form-errors.ts'
import { Failed, Loading, Shown } from '../../parts/states.tsx'
import { tellDone } from '../../parts/told.ts'

export function Gateway() {
  const gateway = useQuery(gatewayQuery)
  return (
    <Card h="100%">
      <Shown query={gateway} loading={<Loading rows={3} height={44} />}>
        {(config) => <Form key={`${config.baseUrl} ${config.hasKey}`} config={config} />}
      </Shown>
    </Card>
  )
}

function Form({ config }: { config: GatewayConfig }) {
  const [isForgetting, forget] = useDisclosure()
  const [rest, setRest] = useState<unknown>(null)
  const form = useForm({ initialValues: { baseUrl: config.isOwn ? config.baseUrl : '', apiKey: '' } })
  const changed = ['gateway', 'keys', 'resolve']
  const saving = useChange(
    ({ baseUrl, apiKey }: typeof form.values) =>
      keyloft.put('/api/profile/gateway', {
        body: { baseUrl: baseUrl.trim() === '' ? null : baseUrl.trim(), ...(apiKey.trim() === '' ? {} : { apiKey: apiKey.trim() }) },
      }),
    changed,
    () => tellDone('Your gateway is set. It is tried before your other keys.'),
  )
  const forgetting = useChange(() => keyloft.delete('/api/profile/gateway'), changed, forget.close)
  return (
    <form
      onSubmit={form.onSubmit((values) => {
        setRest(null)
        saving.mutate(values, { onError: (error) => setRest(showFieldErrors(error, form)) })
      })}
    >
      <Stack gap="sm">
        <Group gap={8}>
          <Text fw={600} size="sm">
            A gateway of your own
          </Text>
          {config.hasKey && <Badge color="teal">in use, tried first</Badge>}
        </Group>
        <TextInput
          label="Base URL"
          description="OpenAI-compatible. A change of host asks for its key again."
          placeholder={config.baseUrl}
          spellCheck={false}
          {...form.getInputProps('baseUrl')}
        />
        <PasswordInput
          label="Its key"
          placeholder={config.hasKey ? 'kept as it is' : ''}
          autoComplete="off"
          spellCheck={false}
          {...form.getInputProps('apiKey')}
        />
        {rest !== null && <Failed error={rest} />}
        <Group justify="flex-end" gap="xs">
          {(config.hasKey || config.isOwn) && (
            <Button variant="subtle" color="red" size="xs" onClick={forget.open}>
              Forget it …
            </Button>
          )}
          <Button type="submit" size="xs" variant="default" loading={saving.isPending} disabled={!form.isDirty()}>
            Save
          </Button>
        </Group>
      </Stack>
      <Confirm
        opened={isForgetting}
        close={forget.close}
        title="Forget your gateway"
        name="gateway"
        action="Forget it"
        run={() => forgetting.mutate()}
        isRunning={forgetting.isPending}
        error={forgetting.error}
      >
        Its address and its keys are destroyed. Calls go on with your other keys, where they can serve them.
      </Confirm>
    </form>
  )
}
