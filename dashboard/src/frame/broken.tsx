import { Button, Center, Code, Stack, Text, Title } from '@mantine/core'
import type { ErrorComponentProps } from '@tanstack/react-router'

/** A page that failed in itself, or whose file could not be loaded. The frame around it stays. */
export function Broken({ error, reset }: ErrorComponentProps) {
  const message = error instanceof Error ? error.message : String(error)
  const isFile = /import|load|fetch/i.test(message)
  return (
    <Center mih={320}>
      <Stack align="center" gap="xs" role="alert" maw={460} ta="center">
        <Title order={1}>{isFile ? 'This page could not be loaded' : 'This page has a fault'}</Title>
        <Text c="dimmed" size="sm">
          {isFile
            ? 'The server cannot be reached, or has a newer version of it.'
            : 'Nothing was lost on the server. Please report it, with this line:'}
        </Text>
        {!isFile && <Code>{message}</Code>}
        <Button variant="default" size="xs" onClick={() => (isFile ? location.reload() : reset())}>
          {isFile ? 'Load it anew' : 'Try again'}
        </Button>
      </Stack>
    </Center>
  )
}
