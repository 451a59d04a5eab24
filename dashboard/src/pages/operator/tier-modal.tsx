import { Button, Group, Modal, NumberInput, Stack, Text, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { keyloft } from '../../api/client.ts'
import { Failed } from '../../parts/states.tsx'

export interface Limits {
  requestLimit: number | null
  tokenLimit: number | null
  costLimitUsd: string | null
}

interface TierModalProps {
  /** platform: all people together. */
  tier: 'anonymous' | 'free' | 'pro' | 'platform'
  type: 'daily' | 'monthly'
  limits: Limits | undefined
  close: () => void
}

/** Whatever is left empty is not limited. */
export function TierModal({ tier, type, limits, close }: TierModalProps) {
  const queries = useQueryClient()
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: {
      requestLimit: limits?.requestLimit ?? '',
      tokenLimit: limits?.tokenLimit ?? '',
      costLimitUsd: limits?.costLimitUsd ?? '',
    },
    validate: { costLimitUsd: (text) => (text === '' || /^\d{1,12}(\.\d{1,30})?$/.test(text) ? null : 'As 25 or 0.50') },
  })
  const setting = useMutation({
    mutationFn: async ({
      requestLimit,
      tokenLimit,
      costLimitUsd,
    }: {
      requestLimit: number | string
      tokenLimit: number | string
      costLimitUsd: string
    }) => {
      const body = {
        requestLimit: toCount(requestLimit),
        tokenLimit: toCount(tokenLimit),
        costLimitUsd: costLimitUsd === '' ? null : costLimitUsd,
      }
      const isLimit = Object.values(body).some((limit) => limit !== null)
      if (tier === 'platform') {
        if (isLimit) await keyloft.put('/api/quotas/platform/{type}', { params: { type }, body })
        else if (limits) await keyloft.delete('/api/quotas/platform/{type}', { params: { type } })
      } else if (isLimit) await keyloft.put('/api/quotas/tiers/{tier}/{type}', { params: { tier, type }, body })
      else if (limits) await keyloft.delete('/api/quotas/tiers/{tier}/{type}', { params: { tier, type } })
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['operator'] })
      close()
    },
  })
  return (
    <Modal
      opened
      onClose={close}
      title={`${tier === 'platform' ? 'All people together' : `Tier ${tier}`}, ${type === 'daily' ? 'a day' : 'a month'}`}
    >
      <form onSubmit={form.onSubmit((values) => setting.mutate(values))}>
        <Stack gap="sm">
          <NumberInput
            label="Requests"
            placeholder="no limit"
            min={0}
            max={1e12}
            allowDecimal={false}
            thousandSeparator=","
            key={form.key('requestLimit')}
            {...form.getInputProps('requestLimit')}
          />
          <NumberInput
            label="Tokens"
            placeholder="no limit"
            min={0}
            max={1e12}
            allowDecimal={false}
            thousandSeparator=","
            key={form.key('tokenLimit')}
            {...form.getInputProps('tokenLimit')}
          />
          <TextInput
            label="Cost in USD"
            placeholder="no limit"
            inputMode="decimal"
            key={form.key('costLimitUsd')}
            {...form.getInputProps('costLimitUsd')}
          />
          <Text size="xs" c="dimmed">
            {tier === 'platform'
              ? 'It counts on every server within a second. Whoever is refused is told that it is the limit of the service, and not how high it is.'
              : 'It counts on every server within a second, and for everybody of the tier for whom no operator has set another limit.'}
          </Text>
          {setting.error && <Failed error={setting.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={close}>
              Leave it
            </Button>
            <Button type="submit" loading={setting.isPending}>
              Set it
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}

const toCount = (value: number | string) => (value === '' ? null : Number(value))
