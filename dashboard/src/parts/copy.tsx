import { Button, Tooltip } from '@mantine/core'
import { useClipboard } from '@mantine/hooks'
import { Icon } from './icon.tsx'

const toldMs = 1_600

export function Copy({ text, label = 'Copy', what }: { text: string; label?: string; what: string }) {
  const clipboard = useClipboard({ timeout: toldMs })
  return (
    <Tooltip label={clipboard.error ? 'The browser did not allow it' : `Copy ${what}`}>
      <Button
        size="compact-xs"
        variant="default"
        leftSection={<Icon name={clipboard.copied ? 'check' : 'copy'} size={13} />}
        onClick={() => clipboard.copy(text)}
        aria-live="polite"
      >
        {clipboard.copied ? 'Copied' : label}
      </Button>
    </Tooltip>
  )
}
