import type { RequestOf } from '@keyloft/sdk'
import { Button, Group, Select, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { useEffect, useState } from 'react'
import { Icon } from '../../parts/icon.tsx'
import styles from './models.module.css'

export const filterNames = [
  'search',
  'provider',
  'modality',
  'minContext',
  'inputAtLeast',
  'inputAtMost',
  'vision',
  'tools',
  'webSearch',
  'curated',
] as const
type Name = (typeof filterNames)[number]
type Filters = { [K in Name]?: string }

const modalities = ['text', 'image', 'video', 'audio', 'embedding', 'multimodal'] as const
const isPrice = (text: string) => /^\d{1,7}(\.\d{1,12})?$/.test(text)

/** An address may say anything; what the server would refuse is not sent. */
export function toQuery(filters: Filters): NonNullable<RequestOf<'GET /api/models'>['query']> {
  const { search, provider, modality, minContext, inputAtLeast, inputAtMost } = filters
  const known = modalities.find((one) => one === modality)
  const flags = Object.fromEntries(switches.flatMap(({ name }) => (filters[name] === 'true' ? [[name, 'true' as const]] : [])))
  return {
    ...(search ? { search: search.slice(0, 200) } : {}),
    ...(provider && /^[\w-]{1,50}$/.test(provider) ? { provider } : {}),
    ...(known ? { modality: known } : {}),
    ...(minContext && /^[1-9]\d{0,8}$/.test(minContext) ? { minContext: Number(minContext) } : {}),
    ...(inputAtLeast && isPrice(inputAtLeast) ? { inputAtLeast } : {}),
    ...(inputAtMost && isPrice(inputAtMost) ? { inputAtMost } : {}),
    ...flags,
  }
}

const switches = [
  { name: 'curated', label: 'Recommended' },
  { name: 'vision', label: 'Sees images' },
  { name: 'tools', label: 'Calls tools' },
  { name: 'webSearch', label: 'Searches the web' },
] as const

const contexts = [
  { value: '32000', label: '32 k tokens or more' },
  { value: '128000', label: '128 k tokens or more' },
  { value: '200000', label: '200 k tokens or more' },
  { value: '1000000', label: '1 M tokens or more' },
]

interface ModelFiltersProps {
  filters: Filters
  onChange: (changed: { [K in Name]?: string | undefined }) => void
  facets: { providers: { provider: string; count: number }[]; modalities: { modality: string; count: number }[] } | undefined
}

export function ModelFilters({ filters, onChange, facets }: ModelFiltersProps) {
  return (
    <search className={styles.filters} aria-label="Filters">
      <Group gap="xs" align="flex-end">
        <Typed label="Search" value={filters.search} onChange={(search) => onChange({ search })} placeholder="Part of its name" grows />
        <Select
          label="Provider"
          placeholder="Any"
          w={150}
          clearable
          searchable
          clearButtonProps={{ 'aria-label': 'Any provider' }}
          data={
            facets?.providers.map(({ provider, count }) => ({ value: provider, label: `${provider} (${count})` })) ??
            withOwn(filters.provider)
          }
          value={filters.provider ?? null}
          onChange={(provider) => onChange({ provider: provider ?? undefined })}
        />
        <Select
          label="Kind"
          placeholder="Any"
          w={140}
          clearable
          clearButtonProps={{ 'aria-label': 'Any kind' }}
          data={
            facets?.modalities.map(({ modality, count }) => ({ value: modality, label: `${modality} (${count})` })) ??
            withOwn(filters.modality)
          }
          value={filters.modality ?? null}
          onChange={(modality) => onChange({ modality: modality ?? undefined })}
        />
        <Select
          label="Context"
          placeholder="Any"
          w={180}
          clearable
          clearButtonProps={{ 'aria-label': 'Any context' }}
          data={contexts}
          value={contexts.some(({ value }) => value === filters.minContext) ? (filters.minContext ?? null) : null}
          onChange={(minContext) => onChange({ minContext: minContext ?? undefined })}
        />
        <Typed
          label="Input from $"
          value={filters.inputAtLeast}
          onChange={(inputAtLeast) => onChange({ inputAtLeast })}
          placeholder="0"
          fits={isPrice}
        />
        <Typed
          label="to $"
          value={filters.inputAtMost}
          onChange={(inputAtMost) => onChange({ inputAtMost })}
          placeholder="Any"
          fits={isPrice}
        />
      </Group>
      <Group gap={6} mt="xs" role="group" aria-label="Only those that are or can">
        {switches.map(({ name, label }) => {
          const isOn = filters[name] === 'true'
          return (
            <Button
              key={name}
              size="compact-sm"
              variant={isOn ? 'light' : 'default'}
              aria-pressed={isOn}
              leftSection={isOn ? <Icon name="check" size={12} /> : undefined}
              onClick={() => onChange({ [name]: isOn ? undefined : 'true' })}
            >
              {label}
            </Button>
          )
        })}
      </Group>
    </search>
  )
}

const withOwn = (value: string | undefined) => (value === undefined ? [] : [{ value, label: value }])

interface TypedProps {
  label: string
  value: string | undefined
  onChange: (value: string | undefined) => void
  placeholder: string
  grows?: boolean
  /** Says nothing until it does. */
  fits?: (text: string) => boolean
}

/** Asked for when the typing rests; an address that changes otherwise is followed. */
function Typed({ label, value = '', onChange, placeholder, grows = false, fits = () => true }: TypedProps) {
  const [text, setText] = useState(value)
  const ask = useDebouncedCallback((asked: string) => onChange(asked === '' ? undefined : asked), 250)
  useEffect(() => setText((before) => (before.trim() === value || !fits(before.trim()) ? before : value)), [value, fits])
  const isWrong = text.trim() !== '' && !fits(text.trim())
  return (
    <TextInput
      label={label}
      placeholder={placeholder}
      className={grows ? styles.grows : styles.price}
      value={text}
      error={isWrong ? 'As 0.50' : undefined}
      inputMode={grows ? 'search' : 'decimal'}
      onChange={({ currentTarget }) => {
        setText(currentTarget.value)
        const asked = currentTarget.value.trim()
        if (asked === '' || fits(asked)) ask(asked)
      }}
    />
  )
}
