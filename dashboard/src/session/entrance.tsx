import { Box, Card, Stack, Text, Title } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import type { ReactNode } from 'react'
import { Wordmark } from '../frame/wordmark.tsx'
import styles from './entrance.module.css'

/** Around the pages of who is not signed in yet. */
export function Entrance({ title, lead, children, foot }: { title: string; lead?: ReactNode; children: ReactNode; foot?: ReactNode }) {
  useDocumentTitle(`${title} · Keyloft`)
  return (
    <Box component="main" className={styles.page}>
      <Stack gap="lg" w="100%" maw={380}>
        <Wordmark />
        <Card padding="lg">
          <Title order={1}>{title}</Title>
          {lead && (
            <Text c="dimmed" size="sm" mt={4}>
              {lead}
            </Text>
          )}
          <Box mt="md">{children}</Box>
        </Card>
        {foot && (
          <Text size="sm" c="dimmed" ta="center" component="div">
            {foot}
          </Text>
        )}
      </Stack>
    </Box>
  )
}
