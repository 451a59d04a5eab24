import { Alert, Button, Code, Group, Stack, Tabs, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { keyloft } from '../../api/client.ts'
import { modelsQuery, useChange } from '../../api/queries.ts'
import { CodeBlock } from '../../parts/code-block.tsx'
import { Copy } from '../../parts/copy.tsx'
import { Failed } from '../../parts/states.tsx'
import { serverUrl } from '../../place.ts'
import { usePerson } from '../../session/session.ts'
import { snippetsFor } from './snippets.ts'

const placeholder = 'klt_…'

/** The token is kept by this page alone, as long as it is open. */
export function FirstCall({ provider }: { provider: string | undefined }) {
  const person = usePerson()
  const [typed, setTyped] = useState<string>()
  const models = useQuery(modelsQuery(provider ? { provider, limit: 1 } : { limit: 1 }))
  const model = typed ?? models.data?.items[0]?.model ?? 'gpt-4o-mini'
  const made = useChange(
    () => keyloft.post('/api/tokens', { body: { name: `First call, ${new Date().toISOString().slice(0, 10)}` } }),
    ['tokens'],
  )
  const token = made.data?.token ?? placeholder
  return (
    <Stack gap="sm">
      <Group align="flex-end" gap="sm">
        <TextInput
          label="Model"
          size="xs"
          w={230}
          value={model}
          onChange={({ currentTarget }) => setTyped(currentTarget.value)}
          spellCheck={false}
        />
        <Stack gap={3}>
          <Text size="xs">Base URL</Text>
          <Group gap={6}>
            <Code>{serverUrl}/v1</Code>
            <Copy text={`${serverUrl}/v1`} what="the base URL" />
          </Group>
        </Stack>
        {!made.data && (
          <Button size="xs" onClick={() => made.mutate()} loading={made.isPending} ml="auto">
            Put a fresh token in
          </Button>
        )}
      </Group>
      {made.error && <Failed error={made.error} />}
      {made.data && (
        <Alert variant="light" py="xs">
          The token <Code>{made.data.prefix}…</Code> is in the snippets. It is shown this once: when you leave this page, nobody can read it
          again.
        </Alert>
      )}
      <Tabs defaultValue="curl" keepMounted={false}>
        <Tabs.List mb="xs">
          {snippetsFor({ url: serverUrl, token, model, userId: person.id }).map(({ id, label }) => (
            <Tabs.Tab key={id} value={id}>
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {snippetsFor({ url: serverUrl, token, model, userId: person.id }).map(({ id, label, install, code, note }) => (
          <Tabs.Panel key={id} value={id}>
            <Stack gap={6}>
              {install && <CodeBlock code={install} label={`the install command of ${label}`} />}
              <CodeBlock code={code} label={`the snippet for ${label}`} />
              {note && (
                <Text size="xs" c="dimmed">
                  {note}
                </Text>
              )}
            </Stack>
          </Tabs.Panel>
        ))}
      </Tabs>
    </Stack>
  )
}
