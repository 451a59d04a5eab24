import type { Provider, ProviderKey } from '@keyloft/sdk'
import { useQuery } from '@tanstack/react-query'
import { keyloft } from '../../api/client.ts'
import { useChange } from '../../api/queries.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { Loading, Shown } from '../../parts/states.tsx'
import { nameOf } from './standing.tsx'

interface Remove {
  of: ProviderKey
  provider: Provider | undefined
  opened: boolean
  close: () => void
}

export function RemoveKey({ of: key, provider, opened, close }: Remove) {
  const params = { id: key.id }
  const affects = useQuery({
    queryKey: ['keys', key.id, 'removal'],
    queryFn: ({ signal }) => keyloft.delete('/api/profile/api-keys/{id}', { params, query: { dryRun: 'true' }, signal }),
    enabled: opened,
    gcTime: 0,
  })
  const removing = useChange(
    () => keyloft.delete('/api/profile/api-keys/{id}', { params }),
    ['keys', 'resolve', 'profile', 'models'],
    close,
  )
  const name = provider?.name ?? key.provider
  return (
    <Confirm
      opened={opened}
      close={close}
      title={`Remove ${nameOf(key, provider)}`}
      name={nameOf(key, provider)}
      action="Remove it for good"
      run={() => removing.mutate()}
      isRunning={removing.isPending}
      error={removing.error}
    >
      <Shown query={affects} loading={<Loading rows={1} height={44} />}>
        {({ nextKey, remainingKeys }) => (
          <>
            The key is destroyed at once; calls under way end. What they cost stays in your usage.{' '}
            {nextKey
              ? `Calls to ${name} go on with your key “${nextKey.keyName || name}” (${remainingKeys} left).`
              : `You have no other key at ${name}: calls for its models are served by another source, or refused.`}
          </>
        )}
      </Shown>
    </Confirm>
  )
}
