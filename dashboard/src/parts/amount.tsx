import { Text } from '@mantine/core'
import { formatExactUsd, formatUsd } from './money.ts'

/** Exact on hover. Null: what nobody has a price for. */
export function Amount({ usd }: { usd: string | null }) {
  if (usd === null)
    return (
      <Text span inherit c="dimmed" title="There was no price for it.">
        unpriced
      </Text>
    )
  return (
    <span className="figure" title={formatExactUsd(usd)}>
      {formatUsd(usd)}
    </span>
  )
}
