import { Progress } from '@mantine/core'

const nearly = 800

/** `share` in thousandths. */
export function Meter({ share, label }: { share: number; label: string }) {
  const color = share >= 1_000 ? 'red' : share >= nearly ? 'yellow' : 'petrol'
  return (
    <Progress.Root size={6} radius="xl">
      <Progress.Section value={share / 10} color={color} aria-label={label} />
    </Progress.Root>
  )
}
