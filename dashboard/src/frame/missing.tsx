import { Anchor, Center, Stack, Text, Title } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { Link } from '@tanstack/react-router'

export function Missing() {
  useDocumentTitle('No such page · Keyloft')
  return (
    <Center component="main" mih={320}>
      <Stack align="center" gap="xs">
        <Title order={1}>There is no such page</Title>
        <Text c="dimmed" size="sm">
          It may have moved, or the address has a slip.
        </Text>
        <Anchor component={Link} to="/" size="sm">
          Go to the start
        </Anchor>
      </Stack>
    </Center>
  )
}
