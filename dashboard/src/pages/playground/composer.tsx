import { Button, Card, Group, NumberInput, Stack, Text, Textarea, UnstyledButton } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import type { KeyboardEvent } from 'react'
import { Icon } from '../../parts/icon.tsx'
import type { Parameters } from './chat.ts'
import styles from './playground.module.css'

interface ComposerProps {
  draft: string
  onDraft: (draft: string) => void
  system: string
  onSystem: (system: string) => void
  parameters: Parameters
  onParameters: (parameters: Parameters) => void
  isBusy: boolean
  /** Why nothing can be sent. */
  hindrance: string | undefined
  send: () => void
  stop: () => void
}

export function Composer({ draft, onDraft, system, onSystem, parameters, onParameters, isBusy, hindrance, send, stop }: ComposerProps) {
  const [isOpen, { toggle }] = useDisclosure()
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
    event.preventDefault()
    if (!isBusy && !hindrance) send()
  }
  return (
    <div className={styles.composer}>
      <Card
        component="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (!isBusy && !hindrance) send()
        }}
        aria-label="What to send"
      >
        <Stack gap="xs">
          <Textarea
            aria-label="Prompt"
            placeholder="Ask something. Enter sends, Shift and Enter begins a line."
            autosize
            minRows={2}
            maxRows={8}
            value={draft}
            onChange={({ currentTarget }) => onDraft(currentTarget.value)}
            onKeyDown={onKeyDown}
            variant="unstyled"
          />
          {isOpen && (
            <Stack gap="xs" id="playground-options">
              <Textarea
                label="System prompt"
                autosize
                minRows={2}
                maxRows={6}
                value={system}
                onChange={({ currentTarget }) => onSystem(currentTarget.value)}
              />
              <Group gap="sm" align="flex-start">
                <Knob
                  label="Temperature"
                  value={parameters.temperature}
                  min={0}
                  max={2}
                  step={0.1}
                  onChange={(temperature) => onParameters({ ...parameters, temperature })}
                />
                <Knob
                  label="Top p"
                  value={parameters.topP}
                  min={0}
                  max={1}
                  step={0.05}
                  onChange={(topP) => onParameters({ ...parameters, topP })}
                />
                <Knob
                  label="Most tokens"
                  value={parameters.maxTokens}
                  min={1}
                  max={1_000_000}
                  step={1}
                  onChange={(maxTokens) => onParameters({ ...parameters, maxTokens })}
                />
              </Group>
              <Text size="xs" c="dimmed">
                What is left empty is left to the model.
              </Text>
            </Stack>
          )}
          <Group justify="space-between" gap="xs">
            <UnstyledButton onClick={toggle} aria-expanded={isOpen} aria-controls="playground-options">
              <Text size="xs" c="dimmed">
                <Icon name={isOpen ? 'chevron' : 'right'} size={12} /> System prompt and parameters
              </Text>
            </UnstyledButton>
            <Group gap="sm">
              {hindrance && !isBusy && (
                <Text size="xs" c="dimmed">
                  {hindrance}
                </Text>
              )}
              {isBusy ? (
                <Button type="button" color="red" variant="light" onClick={stop} leftSection={<Icon name="stop" size={14} />}>
                  Stop
                </Button>
              ) : (
                <Button type="submit" disabled={hindrance !== undefined} leftSection={<Icon name="play" size={14} />}>
                  Send
                </Button>
              )}
            </Group>
          </Group>
        </Stack>
      </Card>
    </div>
  )
}

interface KnobProps {
  label: string
  value: number | undefined
  min: number
  max: number
  step: number
  onChange: (value: number | undefined) => void
}

function Knob({ label, value, min, max, step, onChange }: KnobProps) {
  return (
    <NumberInput
      label={label}
      w={120}
      value={value ?? ''}
      min={min}
      max={max}
      step={step}
      clampBehavior="blur"
      allowDecimal={step < 1}
      placeholder="the model’s"
      onChange={(changed) => onChange(typeof changed === 'number' ? changed : undefined)}
    />
  )
}
