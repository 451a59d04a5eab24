import { Box, Group, Text, Title } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import type { ReactNode } from 'react'

export function PageHead({ title, children, actions }: { title: string; children?: ReactNode; actions?: ReactNode }) {
  useDocumentTitle(`${title} · Keyloft`)
  return (
    <Group justify="space-between" align="flex-start" gap="sm" mb="lg">
      <Box maw={620}>
        <Title order={1}>{title}</Title>
        {children && (
          <Text c="dimmed" size="sm" mt={2}>
            {children}
          </Text>
        )}
      </Box>
      {actions && <Group gap="xs">{actions}</Group>}
    </Group>
  )
}
