import { KeyloftError } from '@keyloft/sdk'
import { Alert, Button, Card, Code, Group, Skeleton, Stack, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import { Icon, type IconName } from './icon.tsx'

/** What a list shows before it has its rows; of about their height, so that nothing jumps. */
export function Loading({ rows = 4, height = 40, label = 'Loading' }: { rows?: number; height?: number; label?: string }) {
  return (
    <Stack gap="xs" role="status" aria-label={label}>
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are all alike
        <Skeleton key={row} height={height} radius="md" />
      ))}
    </Stack>
  )
}

interface Empty {
  icon: IconName
  title: string
  children: ReactNode
  /** The next step. */
  action?: ReactNode
}

export function Empty({ icon, title, children, action }: Empty) {
  return (
    <Card py="xl">
      <Stack align="center" gap="xs" ta="center" maw={440} mx="auto">
        <Text c="dimmed" lh={1} component="span">
          <Icon name={icon} size={24} />
        </Text>
        <Title order={2}>{title}</Title>
        <Text c="dimmed" size="sm">
          {children}
        </Text>
        {action}
      </Stack>
    </Card>
  )
}

/** What there is to say of a failure: a sentence, a code, what can be done. */
function explain(error: unknown): { title: string; code: string; hint: string | undefined; requestId: string | undefined } {
  if (error instanceof KeyloftError) {
    const { message, code, hint, requestId } = error
    return { title: message, code, hint, requestId }
  }
  if (!navigator.onLine)
    return {
      title: 'This device is offline.',
      code: 'offline',
      hint: 'It goes on by itself when the network is back.',
      requestId: undefined,
    }
  return {
    title: 'The server cannot be reached.',
    code: 'unreachable',
    hint: 'It may be starting anew, or something stands between.',
    requestId: undefined,
  }
}

export function Failed({ error, retry }: { error: unknown; retry?: (() => unknown) | undefined }) {
  const { title, code, hint, requestId } = explain(error)
  return (
    <Alert color="red" variant="light" icon={<Icon name="warning" />} title={title} role="alert">
      <Stack gap={6} align="flex-start">
        {hint && <Text size="sm">{hint}</Text>}
        <Group gap="xs">
          <Code>{code}</Code>
          {requestId && (
            <Text size="xs" c="dimmed">
              request {requestId}
            </Text>
          )}
        </Group>
        {retry && (
          <Button size="xs" variant="default" onClick={() => void retry()} leftSection={<Icon name="refresh" size={14} />}>
            Try again
          </Button>
        )}
      </Stack>
    </Alert>
  )
}

interface Asked<T> {
  data: T | undefined
  error: unknown
  isPending: boolean
  refetch: () => unknown
}

/** A query’s states. What is there stays while it is asked for anew, with the failure above it where that fails. */
export function Shown<T>({ query, loading, children }: { query: Asked<T>; loading?: ReactNode; children: (data: T) => ReactNode }) {
  if (query.data === undefined && query.isPending) return loading ?? <Loading />
  return (
    <>
      {query.error !== null && <Failed error={query.error} retry={query.refetch} />}
      {query.data !== undefined && children(query.data)}
    </>
  )
}
