import type { ProviderKey, Resolution } from '@keyloft/sdk'
import { Alert, Badge, Card, Code, Group, Stack, Text, TextInput, Title } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { modelsQuery, resolveQuery } from '../../api/queries.ts'
import { Icon } from '../../parts/icon.tsx'
import { Loading, Shown } from '../../parts/states.tsx'
import styles from './keys.module.css'

const sources: Record<Resolution['decisions'][number]['source'], string> = {
  'user-gateway': 'Your gateway',
  'user-key': 'Your key',
  'server-key': 'The operator’s key',
  'team-gateway': 'The team’s gateway',
}

const waitMs = 250

/** The dry run: what would happen for a model now, and why. It calls nobody. */
export function Order({ keys }: { keys: readonly ProviderKey[] | undefined }) {
  const { model: inAddress } = useSearch({ strict: false }) as { model?: unknown }
  const provider = keys?.find(({ isEnabled }) => isEnabled)?.provider
  const models = useQuery({ ...modelsQuery({ limit: 1, ...(provider ? { provider } : {}) }), enabled: provider !== undefined })
  const [given, setTyped] = useState(typeof inAddress === 'string' ? inAddress : undefined)
  const typed = given ?? models.data?.items[0]?.model ?? ''
  /** What would be asked first is not known before the keys are. */
  const isSettled = given !== undefined || (keys !== undefined && (provider === undefined || !models.isPending))
  const [model] = useDebouncedValue(typed.trim(), waitMs)
  const navigate = useNavigate()
  const resolution = useQuery({ ...resolveQuery(model === '' ? {} : { model }), enabled: isSettled, placeholderData: keepPreviousData })
  const type = (text: string) => {
    setTyped(text)
    void navigate({ to: '/keys', search: ((before: object) => ({ ...before, model: text || undefined })) as never, replace: true })
  }
  return (
    <section aria-labelledby="order">
      <Title order={2} id="order">
        The order in which keys are tried
      </Title>
      <Text size="sm" c="dimmed" mb="xs">
        What would happen for a model now, and why. Nobody is called.
      </Text>
      <Card>
        <TextInput
          label="Model"
          placeholder="any model, or for example gpt-4o-mini"
          maw={360}
          mb="md"
          value={typed}
          onChange={({ currentTarget }) => type(currentTarget.value)}
          leftSection={<Icon name="models" />}
          spellCheck={false}
        />
        <div aria-live="polite" aria-busy={resolution.isFetching} className={styles.outcome}>
          <Shown query={resolution} loading={<Loading rows={2} height={42} />}>
            {(shown) => <Drawn resolution={shown} keys={keys ?? []} />}
          </Shown>
        </div>
      </Card>
    </section>
  )
}

function Drawn({ resolution: { decisions, passedOver, refusal }, keys }: { resolution: Resolution; keys: readonly ProviderKey[] }) {
  const keyOf = (id: string | null) => keys.find((key) => key.id === id)
  return (
    <Stack gap="sm">
      {refusal && (
        <Alert color="yellow" icon={<Icon name="warning" />} title={refusal.message}>
          {refusal.hint} <Code>{refusal.code}</Code>
        </Alert>
      )}
      <ol className={styles.order}>
        {decisions.map(({ source, provider, keyId, modelId, modelReplaced, reason }, index) => (
          <li key={`${source} ${provider} ${keyId}`} data-first={index === 0 || undefined}>
            <span className={styles.place}>{index + 1}</span>
            <div>
              <Group gap={8}>
                <Text size="sm" fw={600}>
                  {sources[source]}
                </Text>
                <Text size="sm">{provider}</Text>
                <Hint of={keyOf(keyId)} />
                {index === 0 && <Badge size="sm">serves the call</Badge>}
                {modelReplaced && (
                  <Text size="xs" c="dimmed">
                    as <Code>{modelId}</Code>
                  </Text>
                )}
              </Group>
              <Text size="sm" c="dimmed">
                {reason}
              </Text>
            </div>
          </li>
        ))}
        {passedOver.map(({ source, provider, keyId, code, reason }) => (
          <li key={`${source} ${provider} ${keyId} ${code}`} data-passed>
            <span className={styles.place}>
              <Icon name="cross" size={11} />
            </span>
            <div>
              <Group gap={8}>
                <Text size="sm">{sources[source]}</Text>
                <Text size="sm">{provider}</Text>
                <Hint of={keyOf(keyId)} />
                <Text size="xs" ff="monospace">
                  {code}
                </Text>
              </Group>
              <Text size="sm">{reason}</Text>
            </div>
          </li>
        ))}
      </ol>
    </Stack>
  )
}

function Hint({ of }: { of: ProviderKey | undefined }) {
  return of ? <Code>{[of.keyName, of.keyHint && `•••• ${of.keyHint}`].filter(Boolean).join(' ') || '••••'}</Code> : null
}
