import type { ProviderKey } from '@keyloft/sdk'
import { Badge } from '@mantine/core'

export const verificationFaults: Record<NonNullable<ProviderKey['validationError']>, string> = {
  refused: 'refused this key at the last verification.',
  unreachable: 'could not be reached at the last verification. What was known of the key stays.',
  unexpected_answer: 'answered something unexpected at the last verification. What was known of the key stays.',
}

/** What a key is good for now, in a word. */
export function Standing({ of }: { of: ProviderKey }) {
  if (!of.isEnabled) return <Badge color="gray">paused</Badge>
  if (!of.isValid) return <Badge color="red">refused</Badge>
  if (of.validationError !== null) return <Badge color="yellow">not reached</Badge>
  return of.lastVerifiedAt ? <Badge color="teal">verified</Badge> : <Badge color="gray">not verified</Badge>
}

/** What a person calls a key by, and types to remove it. */
export const nameOf = (key: ProviderKey, provider: { name: string } | undefined) => key.keyName || (provider?.name ?? key.provider)
