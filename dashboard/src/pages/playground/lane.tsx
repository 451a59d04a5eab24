import { Button, Card, Group, Menu, Text } from '@mantine/core'
import { useClipboard } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { resolveQuery } from '../../api/queries.ts'
import { Amount } from '../../parts/amount.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Failed } from '../../parts/states.tsx'
import { serverUrl } from '../../place.ts'
import { bodyOf, type Parameters, type Turn } from './chat.ts'
import { codeOf, type Language, languages } from './code-of.ts'
import { aboutCost, aboutTokens, useBooked, useRates } from './costs.ts'
import { ModelPicker } from './model-picker.tsx'
import styles from './playground.module.css'
import type { Lane } from './use-lane.ts'

interface LaneProps {
  lane: Lane
  label: string
  model: string
  onModel: (model: string) => void
  system: string
  /** As it would be sent next. */
  draft: string
  parameters: Parameters
  onRemove?: (() => void) | undefined
}

export function LaneColumn({ lane, label, model, onModel, system, draft, parameters, onRemove }: LaneProps) {
  const isBusy = lane.status === 'streaming'
  const next: Turn[] = [
    { role: 'system', content: system },
    ...lane.turns,
    ...(draft.trim() ? [{ role: 'user' as const, content: draft }] : []),
  ]
  return (
    <Card component="section" aria-label={`Answer of ${model || 'no model yet'}`} className={styles.lane}>
      <Group align="flex-end" gap="xs" wrap="nowrap">
        <div className={styles.picker}>
          <ModelPicker label={label} value={model} onChange={onModel} disabled={isBusy} />
        </div>
        <CopyAsCode code={(language) => codeOf(language, serverUrl, bodyOf(model.trim(), next, parameters))} />
        {onRemove && (
          <Button variant="subtle" color="gray" px={8} onClick={onRemove} aria-label={`Close ${label.toLowerCase()}`}>
            <Icon name="cross" />
          </Button>
        )}
      </Group>
      <ServedBy model={model.trim()} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: so that it is scrolled by keyboard too */}
      <div className={styles.talk} role="log" aria-label="Conversation" aria-busy={isBusy} tabIndex={0}>
        {lane.turns.length === 0 && lane.answer === '' && lane.status === 'idle' && (
          <Text c="dimmed" size="sm">
            What you send is answered here.
          </Text>
        )}
        {lane.turns.map((turn, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: turns are only added
          <Said key={index} turn={turn} />
        ))}
        {isBusy && <Said turn={{ role: 'assistant', content: lane.answer }} isBusy />}
        {lane.status === 'stopped' && (
          <Text size="xs" c="dimmed">
            You stopped it.
          </Text>
        )}
        {lane.status === 'failed' && <Failed error={lane.error} />}
      </div>
      {lane.status !== 'idle' && <Figures lane={lane} model={model.trim()} system={system} />}
    </Card>
  )
}

function Said({ turn: { role, content }, isBusy = false }: { turn: Turn; isBusy?: boolean }) {
  return (
    <div className={role === 'user' ? styles.asked : styles.answered}>
      <Text size="xs" c="dimmed" component="div" mb={2}>
        {role === 'user' ? 'You' : 'Model'}
      </Text>
      <div className={styles.text}>
        {content}
        {isBusy && <span className={styles.caret} aria-hidden="true" />}
      </div>
    </div>
  )
}

const sourceWords: Record<string, string> = {
  'user-gateway': 'your gateway',
  'user-key': 'your key',
  'server-key': 'the server’s key',
  'team-gateway': 'the team’s gateway',
}

/** The dry run, before anything is sent. */
function ServedBy({ model }: { model: string }) {
  const { data } = useQuery({ ...resolveQuery({ model: model.slice(0, 200) }), enabled: model !== '', staleTime: 10_000 })
  if (model === '' || !data) return <Text size="xs" c="dimmed" className={styles.line} />
  const [first] = data.decisions
  if (!first)
    return (
      <Text size="xs" c="red" className={styles.line} role="status">
        {data.refusal?.message ?? 'Nothing serves this model.'} {data.refusal?.hint}
      </Text>
    )
  return (
    <Text size="xs" c="dimmed" className={styles.line} role="status">
      Would go to {first.provider} with {sourceWords[first.source] ?? first.source}
      {first.modelReplaced && <>, as {first.modelId}</>}
      {data.decisions.length > 1 && `, then ${data.decisions.length - 1} more`}
    </Text>
  )
}

function Figures({ lane, model, system }: { lane: Lane; model: string; system: string }) {
  const { data: resolution } = useQuery({ ...resolveQuery({ model: model.slice(0, 200) }), enabled: model !== '', staleTime: 10_000 })
  const [first] = resolution?.decisions ?? []
  const rates = useRates(first?.provider, first?.modelId)
  const ended = lane.status !== 'streaming'
  const { data: booked, failureCount } = useBooked(lane.requestId, ended)

  const asked = lane.turns.filter((_, index) => !(ended && index === lane.turns.length - 1 && lane.turns[index]?.role === 'assistant'))
  const answer = ended ? (lane.turns.at(-1)?.role === 'assistant' ? (lane.turns.at(-1)?.content ?? '') : '') : lane.answer
  const input =
    booked?.tokens.input ??
    lane.reported?.prompt_tokens ??
    aboutTokens(asked.reduce((sum, { content }) => sum + content.length, system.length))
  const output = booked?.tokens.output ?? lane.reported?.completion_tokens ?? aboutTokens(answer.length)
  const isExact = booked !== undefined || lane.reported !== undefined
  const about = isExact ? '' : '~'
  return (
    <Group gap="md" className={styles.figures} aria-label="Figures of the last call" role="group">
      <Figure name="In" value={`${about}${input.toLocaleString()}`} />
      <Figure name="Out" value={`${about}${output.toLocaleString()}`} />
      <Figure
        name={booked || failureCount === 0 ? 'Cost' : 'Cost, not booked yet'}
        value={booked ? <Cost {...booked} /> : (aboutCost(input, output, rates) ?? '–')}
      />
      {lane.firstMs !== undefined && <Figure name="First" value={`${(lane.firstMs / 1_000).toFixed(2)} s`} />}
      {lane.tookMs !== undefined && <Figure name="Whole" value={`${(lane.tookMs / 1_000).toFixed(2)} s`} />}
    </Group>
  )
}

/** Leads to the call's trace. */
function Cost({ id, costUsd }: { id: string; costUsd: string | null }) {
  return (
    <Link to={`/usage/${id}`} className={styles.cost}>
      <Amount usd={costUsd} />
    </Link>
  )
}

function Figure({ name, value }: { name: string; value: ReactNode }) {
  return (
    <div>
      <Text size="xs" c="dimmed" component="div" lh={1.2}>
        {name}
      </Text>
      <Text size="sm" className="figure" component="div" lh={1.4}>
        {value}
      </Text>
    </div>
  )
}

function CopyAsCode({ code }: { code: (language: Language) => string }) {
  const clipboard = useClipboard({ timeout: 1_500 })
  return (
    <Menu position="bottom-end" width={200}>
      <Menu.Target>
        <Button variant="default" leftSection={<Icon name={clipboard.copied ? 'check' : 'copy'} size={14} />} px="sm">
          {clipboard.copied ? 'Copied' : 'Code'}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Copy this call as</Menu.Label>
        {languages.map(({ value, label }) => (
          <Menu.Item key={value} onClick={() => clipboard.copy(code(value))}>
            {label}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Label>It reads an API token of yours from KEYLOFT_TOKEN.</Menu.Label>
      </Menu.Dropdown>
    </Menu>
  )
}
