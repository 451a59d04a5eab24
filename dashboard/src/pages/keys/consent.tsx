import { Card, Stack, Switch, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { keyloft } from '../../api/client.ts'
import { settingsQuery, useChange } from '../../api/queries.ts'
import { Failed, Loading, Shown } from '../../parts/states.tsx'

/** What else may serve this person’s calls. */
export function Consent() {
  const settings = useQuery(settingsQuery)
  const choosing = useChange(
    (body: { allowGatewayFallback?: boolean; ownKeysOnly?: boolean }) => keyloft.put('/api/settings', { body }),
    ['settings', 'resolve'],
  )
  const shown = (chosen: boolean, wanted: boolean | undefined) => (choosing.isPending && wanted !== undefined ? wanted : chosen)
  return (
    <Card h="100%">
      <Text fw={600} size="sm" mb="sm">
        Whose keys may serve you
      </Text>
      <Shown query={settings} loading={<Loading rows={2} height={44} />}>
        {({ ownKeysOnly, allowGatewayFallback }) => (
          <Stack gap="md">
            <Switch
              label="My keys only"
              description="Strict: a call fails rather than being made with a key that is not mine."
              checked={shown(ownKeysOnly, choosing.variables?.ownKeysOnly)}
              onChange={({ currentTarget }) => choosing.mutate({ ownKeysOnly: currentTarget.checked })}
            />
            <Switch
              label="The team’s gateway may help out"
              description={ownKeysOnly ? 'Without effect while only your keys may serve.' : 'Where none of my keys can serve a call.'}
              checked={shown(allowGatewayFallback, choosing.variables?.allowGatewayFallback)}
              disabled={ownKeysOnly}
              onChange={({ currentTarget }) => choosing.mutate({ allowGatewayFallback: currentTarget.checked })}
            />
            {choosing.error && <Failed error={choosing.error} />}
          </Stack>
        )}
      </Shown>
    </Card>
  )
}
