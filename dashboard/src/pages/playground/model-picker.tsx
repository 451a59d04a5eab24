import { Autocomplete } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { keyloft } from '../../api/client.ts'

interface ModelPickerProps {
  label: string
  value: string
  onChange: (model: string) => void
  disabled: boolean
}

/** Any name may be typed: what can be resolved is more than what is in the catalogue. */
export function ModelPicker({ label, value, onChange, disabled }: ModelPickerProps) {
  const [sought] = useDebouncedValue(value.trim(), 200)
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
      value={value}
      onChange={onChange}
      data={names}
      filter={({ options }) => options} // the server has searched
      maxDropdownHeight={280}
      disabled={disabled}
      spellCheck={false}
      autoComplete="off"
    />
  )
}
