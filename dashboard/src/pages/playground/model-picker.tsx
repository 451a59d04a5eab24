import { Autocomplete } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { keyloft } from '../../api/client.ts'

interface ModelPickerProps {
  label: string
  value: string
  onChange: (model: string) => void
  disabled: boolean
}

/** Any name may be typed: what can be resolved is more than what is in the catalogue. */
export function ModelPicker({ label, value, onChange, disabled }: ModelPickerProps) {
  // While somebody types, theirs is the text: the address follows later than the next key is pressed.
  const [typed, setTyped] = useState<string>()
  const [sought] = useDebouncedValue((typed ?? value).trim(), 200)
  const { data } = useQuery({
    queryKey: ['models', 'picker', sought],
    queryFn: ({ signal }) =>
      keyloft.get('/api/models', { query: { limit: 50, ...(sought ? { search: sought.slice(0, 200) } : {}) }, signal }),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  })
  const names = [...new Set(data?.items.map(({ model }) => model))]
  return (
    <Autocomplete
      label={label}
      placeholder="Its name, such as gpt-4o-mini"
      value={typed ?? value}
      onChange={(text) => {
        setTyped(text)
        onChange(text)
      }}
      onBlur={() => setTyped(undefined)}
      data={names}
      filter={({ options }) => options} // the server has searched
      maxDropdownHeight={280}
      disabled={disabled}
      spellCheck={false}
      autoComplete="off"
    />
  )
}
