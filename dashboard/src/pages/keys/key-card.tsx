import type { Provider, ProviderKey } from '@keyloft/sdk'
import { ActionIcon, Button, Card, Code, Group, Menu, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { keyloft } from '../../api/client.ts'
import { useChange } from '../../api/queries.ts'
import { Icon } from '../../parts/icon.tsx'
import { Moment } from '../../parts/moment.tsx'
import { Failed } from '../../parts/states.tsx'
import { ChangeKey } from './change-key.tsx'
import styles from './keys.module.css'
import { RemoveKey } from './remove-key.tsx'
import { nameOf, Standing, verificationFaults } from './standing.tsx'

export function KeyCard({ of: key, provider }: { of: ProviderKey; provider: Provider | undefined }) {
  const [isChanging, change] = useDisclosure()
  const [isRemoving, remove] = useDisclosure()
  const params = { id: key.id }
  const changed = ['keys', 'resolve']
  const pausing = useChange((isEnabled: boolean) => keyloft.put('/api/profile/api-keys/{id}', { params, body: { isEnabled } }), changed)
  const verifying = useChange(() => keyloft.post('/api/profile/api-keys/{id}/verify', { params }), changed)
  const error = pausing.error ?? verifying.error
  const name = nameOf(key, provider)
  return (
    <Card
      component="article"
      aria-label={`${name}, key at ${provider?.name ?? key.provider}`}
      data-paused={!key.isEnabled || undefined}
      className={styles.card}
    >
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <div style={{ minWidth: 0 }}>
          <Group gap={8}>
            <Text fw={600}>{provider?.name ?? key.provider}</Text>
            <Standing of={key} />
          </Group>
          <Group gap={8} mt={2}>
            {key.keyName && (
              <Text size="sm" c="dimmed">
                {key.keyName}
              </Text>
            )}
            <Code>{key.keyHint === '' ? '••••' : `•••• ${key.keyHint}`}</Code>
          </Group>
        </div>
        <Group gap={4} wrap="nowrap">
          <Button size="compact-sm" variant="default" onClick={() => pausing.mutate(!key.isEnabled)} loading={pausing.isPending}>
            {key.isEnabled ? 'Pause' : 'Resume'}
          </Button>
          <Menu position="bottom-end" width={190}>
            <Menu.Target>
              <ActionIcon variant="subtle" color="gray" aria-label={`More for ${name}`}>
                <Icon name="dots" />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              {provider?.canVerify && (
                <Menu.Item leftSection={<Icon name="check" />} onClick={() => verifying.mutate()}>
                  Verify now
                </Menu.Item>
              )}
              <Menu.Item leftSection={<Icon name="gauge" />} onClick={change.open}>
                Limits, name, order
              </Menu.Item>
              <Menu.Divider />
              <Menu.Item color="red" leftSection={<Icon name="trash" />} onClick={remove.open}>
                Remove …
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </Group>
      </Group>
      <dl className={styles.facts}>
        <div>
          <dt>Last used</dt>
          <dd>
            <Moment at={key.lastUsed} />
          </dd>
        </div>
        <div>
          <dt>Last verified</dt>
          <dd>{verifying.isPending ? <span role="status">asking …</span> : <Moment at={key.lastVerifiedAt} />}</dd>
        </div>
        <div>
          <dt>Calls a day</dt>
          <dd>{key.dailyLimit?.toLocaleString() ?? 'no limit'}</dd>
        </div>
        <div>
          <dt>Calls a month</dt>
          <dd>{key.monthlyLimit?.toLocaleString() ?? 'no limit'}</dd>
        </div>
      </dl>
      {key.validationError && (
        <Text size="sm" mt="xs">
          {provider?.name} {verificationFaults[key.validationError]}
        </Text>
      )}
      {error && <Failed error={error} />}
      <ChangeKey of={key} provider={provider} opened={isChanging} close={change.close} />
      <RemoveKey of={key} provider={provider} opened={isRemoving} close={remove.close} />
    </Card>
  )
}
