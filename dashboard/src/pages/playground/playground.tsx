import { Autocomplete, Button, Card, Code, Group, NumberInput, SimpleGrid, Stack, Switch, Text, Textarea } from '@mantine/core'
import { useHotkeys } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { keysQuery, modelsQuery } from '../../api/queries.ts'
import { Amount } from '../../parts/amount.tsx'
import { Copy } from '../../parts/copy.tsx'
import { Icon } from '../../parts/icon.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { Failed } from '../../parts/states.tsx'
import { serverUrl } from '../../place.ts'
import { asCode, type Chat } from './as-code.ts'
import styles from './playground.module.css'
import { type Run, useRun } from './use-run.ts'

/** The second model stands in the address, as the first does. */
export default function PlaygroundPage() {
  const search = useSearch({ strict: false }) as { model?: unknown; beside?: unknown }
  const navigate = useNavigate()
  const keys = useQuery(keysQuery)
  const provider = keys.data?.items.find(({ isEnabled }) => isEnabled)?.provider
  const models = useQuery(modelsQuery({ limit: 100, ...(provider ? { provider } : {}) }))
  const usual = models.data?.items[0]?.model ?? ''
  const first = typeof search.model === 'string' ? search.model : usual
  const second = typeof search.beside === 'string' ? search.beside : undefined
  const [chat, setChat] = useState<Omit<Chat, 'model'>>({ system: '', prompt: '', temperature: '', maxTokens: '' })
  const left = useRun()
  const right = useRun()
  const isRunning = left.run.state === 'running' || right.run.state === 'running'

  const choose = (changed: { model?: string; beside?: string | undefined }) =>
    void navigate({ to: '/playground', search: { model: first, beside: second, ...changed } as never, replace: true })
  const send = () => {
    if (chat.prompt.trim() === '' || first === '') return
    void left.start({ ...chat, model: first })
    if (second) void right.start({ ...chat, model: second })
  }
  const stop = () => {
    left.stop()
    right.stop()
  }
  useHotkeys([['mod+Enter', send]], [])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (isRunning) stop()
    else send()
  }
  const names = [...new Set((models.data?.items ?? []).map(({ model }) => model))]

  return (
    <>
      <PageHead
        title="Playground"
        actions={
          <Switch
            label="Two side by side"
            checked={second !== undefined}
            onChange={({ currentTarget }) =>
              choose({ beside: currentTarget.checked ? (names.find((name) => name !== first) ?? first) : undefined })
            }
          />
        }
      >
        A real call, by your own keys and into your own usage.
      </PageHead>
      <form onSubmit={submit}>
        <Card mb="md">
          <Stack gap="sm">
            <SimpleGrid cols={{ base: 1, sm: second === undefined ? 1 : 2 }} spacing="sm">
              <Autocomplete
                label="Model"
                data={names}
                value={first}
                onChange={(model) => choose({ model })}
                limit={30}
                spellCheck={false}
              />
              {second !== undefined && (
                <Autocomplete
                  label="Beside it"
                  data={names}
                  value={second}
                  onChange={(beside) => choose({ beside })}
                  limit={30}
                  spellCheck={false}
                />
              )}
            </SimpleGrid>
            <Textarea
              label="System"
              placeholder="How it is to answer; may stay empty"
              autosize
              minRows={1}
              maxRows={5}
              value={chat.system}
              onChange={({ currentTarget: { value } }) => setChat((before) => ({ ...before, system: value }))}
            />
            <Textarea
              label="Prompt"
              placeholder="Ask something"
              autosize
              minRows={3}
              maxRows={12}
              required
              value={chat.prompt}
              onChange={({ currentTarget: { value } }) => setChat((before) => ({ ...before, prompt: value }))}
            />
            <Group justify="space-between" align="flex-end" gap="sm">
              <Group gap="sm">
                <NumberInput
                  label="Temperature"
                  placeholder="the model’s"
                  w={130}
                  size="xs"
                  min={0}
                  max={2}
                  step={0.1}
                  value={chat.temperature}
                  onChange={(value) => setChat((before) => ({ ...before, temperature: value === '' ? '' : Number(value) }))}
                />
                <NumberInput
                  label="Tokens at most"
                  placeholder="the model’s"
                  w={130}
                  size="xs"
                  min={1}
                  allowDecimal={false}
                  value={chat.maxTokens}
                  onChange={(value) => setChat((before) => ({ ...before, maxTokens: value === '' ? '' : Number(value) }))}
                />
              </Group>
              <Group gap="xs">
                <Copy text={asCode(serverUrl, { ...chat, model: first })} label="Copy as code" what="this call as code" />
                <Button
                  type="submit"
                  color={isRunning ? 'red' : undefined}
                  variant={isRunning ? 'light' : 'filled'}
                  leftSection={<Icon name={isRunning ? 'stop' : 'play'} size={14} />}
                  disabled={!isRunning && (chat.prompt.trim() === '' || first === '')}
                >
                  {isRunning ? 'Stop' : 'Send'}
                </Button>
              </Group>
            </Group>
          </Stack>
        </Card>
      </form>
      <SimpleGrid cols={{ base: 1, sm: second === undefined ? 1 : 2 }} spacing="md">
        <Answer model={first} run={left.run} />
        {second !== undefined && <Answer model={second} run={right.run} />}
      </SimpleGrid>
    </>
  )
}

function Answer({ model, run }: { model: string; run: Run }) {
  const { state, text, usage, booked, credential, firstTokenMs, ms, error } = run
  return (
    <Card component="section" aria-label={`Answer of ${model}`} className={styles.answer}>
      <Group justify="space-between" mb="xs">
        <Text fw={600} size="sm">
          {model || 'No model chosen'}
        </Text>
        {credential && <Code>{credential}</Code>}
      </Group>
      <div className={styles.text} aria-live="polite" aria-busy={state === 'running'}>
        {text}
        {state === 'running' && <span className={styles.cursor} aria-hidden="true" />}
        {state === 'idle' && (
          <Text span inherit c="dimmed">
            The answer comes here.
          </Text>
        )}
        {state === 'stopped' && (
          <Text span inherit c="dimmed">
            {' '}
            Stopped.
          </Text>
        )}
      </div>
      {error !== undefined && <Failed error={error} />}
      <dl className={styles.facts}>
        <Fact name="In">{(booked?.tokens.input ?? usage?.prompt_tokens)?.toLocaleString()}</Fact>
        <Fact name="Out">{(booked?.tokens.output ?? usage?.completion_tokens)?.toLocaleString()}</Fact>
        <Fact name="First token">{firstTokenMs === undefined ? undefined : `${Math.round(firstTokenMs).toLocaleString()} ms`}</Fact>
        <Fact name="Whole">{ms === undefined ? undefined : `${Math.round(ms).toLocaleString()} ms`}</Fact>
        <Fact name="Cost">
          {booked && (
            <Link to={`/usage/${booked.id}`} className={styles.cost}>
              <Amount usd={booked.costUsd} />
            </Link>
          )}
        </Fact>
      </dl>
    </Card>
  )
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children ?? '–'}</dd>
    </div>
  )
}
