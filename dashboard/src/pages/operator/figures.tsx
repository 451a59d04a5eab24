import { Card, SimpleGrid, Text } from '@mantine/core'
import type { ReactNode } from 'react'

export interface Figure {
  name: string
  value: ReactNode
  note?: ReactNode
}

/** Numbers beside each other, each with its name above it. */
export function Figures({ items, columns = 4 }: { items: readonly Figure[]; columns?: number }) {
  return (
    <SimpleGrid cols={{ base: 2, sm: columns }} spacing="sm">
      {items.map(({ name, value, note }) => (
        <Card key={name} padding="sm">
          <Text size="xs" c="dimmed">
            {name}
          </Text>
          <Text fz={18} fw={600} className="figure" lh={1.35}>
            {value}
          </Text>
          {note && (
            <Text size="xs" c="dimmed">
              {note}
            </Text>
          )}
        </Card>
      ))}
    </SimpleGrid>
  )
}

export const percent = (share: number | null) =>
  share === null ? '–' : `${(share * 100).toLocaleString(undefined, { maximumFractionDigits: 2 })} %`

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

export function bytes(size: number): string {
  const power = size < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(size) / 3))
  return `${+(size / 1_000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`
}

export function duration(seconds: number | null): string {
  if (seconds === null) return '–'
  if (seconds < 1) return `${Math.round(seconds * 1_000)} ms`
  if (seconds < 120) return `${+seconds.toFixed(1)} s`
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} days`
}
