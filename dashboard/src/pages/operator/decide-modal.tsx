import { Anchor, Button, Group, Modal, SegmentedControl, Stack, Switch, Text, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { keyloft } from '../../api/client.ts'
import { Failed } from '../../parts/states.tsx'
import type { Account } from './accounts.tsx'

interface DecideModalProps {
  account: Account
  isMe: boolean
  close: () => void
}

/** Tier, admin rights, whether the account is open. To shut somebody out, their address is typed. */
export function DecideModal({ account, isMe, close }: DecideModalProps) {
  const { id, email, isAnonymous } = account
  const named = isAnonymous ? id : email
  const isShut = account.disabledAt !== null || account.deactivatedAt !== null
  const [tier, setTier] = useState(account.tier)
  const [isAdmin, setAdmin] = useState(account.isAdmin)
  const [reason, setReason] = useState('')
  const [typed, setTyped] = useState('')
  const queries = useQueryClient()
  const deciding = useMutation({
    mutationFn: (body: { tier?: 'free' | 'pro'; isAdmin?: boolean; disabled?: boolean; reason?: string }) =>
      keyloft.patch('/api/admin/users/{id}', { params: { id }, body }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['operator'] })
      close()
    },
  })
  const changed = { ...(tier === account.tier ? {} : { tier }), ...(isAdmin === account.isAdmin ? {} : { isAdmin }) }
  return (
    <Modal opened onClose={close} title={named} centered>
      <Stack gap="md">
        <Group gap="md">
          <Anchor component={Link} size="sm" to="/operator/quotas" search={{ user: id } as never}>
            What limits them
          </Anchor>
          <Anchor component={Link} size="sm" to="/operator/audit" search={{ user: id } as never}>
            What was done to theirs
          </Anchor>
        </Group>
        <div>
          <Text size="sm" fw={500} mb={4} id="decide-tier">
            Tier
          </Text>
          <SegmentedControl
            aria-labelledby="decide-tier"
            data={[
              { value: 'free', label: 'Free' },
              { value: 'pro', label: 'Pro' },
            ]}
            value={tier}
            onChange={(value) => setTier(value as Account['tier'])}
          />
        </div>
        <Switch
          label="Admin"
          description={isMe ? 'Another admin takes this from you.' : 'Sees these pages, and decides like you.'}
          checked={isAdmin}
          disabled={isMe}
          onChange={({ currentTarget }) => setAdmin(currentTarget.checked)}
        />
        {deciding.error && <Failed error={deciding.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            Leave it
          </Button>
          <Button loading={deciding.isPending} disabled={Object.keys(changed).length === 0} onClick={() => deciding.mutate(changed)}>
            Decide
          </Button>
        </Group>
        {isShut ? (
          <Button variant="default" loading={deciding.isPending} onClick={() => deciding.mutate({ disabled: false })}>
            Open the account again
          </Button>
        ) : (
          !isMe && (
            <form
              onSubmit={(event) => {
                event.preventDefault()
                deciding.mutate({ disabled: true, ...(reason.trim() ? { reason: reason.trim() } : {}) })
              }}
            >
              <Stack gap="xs">
                <Text size="sm" fw={500}>
                  Disable the account
                </Text>
                <Text size="xs" c="dimmed">
                  Every session, token and JWT of theirs is refused at once. Nothing is deleted, and it can be opened again.
                </Text>
                <TextInput
                  label="Reason, for other admins"
                  maxLength={500}
                  value={reason}
                  onChange={({ currentTarget }) => setReason(currentTarget.value)}
                />
                <TextInput
                  label={`Type ${named} to go on`}
                  autoComplete="off"
                  value={typed}
                  onChange={({ currentTarget }) => setTyped(currentTarget.value)}
                />
                <Button type="submit" color="red" variant="light" disabled={typed.trim() !== named} loading={deciding.isPending}>
                  Disable it
                </Button>
              </Stack>
            </form>
          )
        )}
      </Stack>
    </Modal>
  )
}
