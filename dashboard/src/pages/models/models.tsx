import type { Model } from '@keyloft/sdk'
import { Badge, Button, Card, Chip, Group, NumberInput, Select, Table, Text, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { keyloft } from '../../api/client.ts'
import { type ModelFilter, providersQuery } from '../../api/queries.ts'
import { Amount } from '../../parts/amount.tsx'
import { Icon } from '../../parts/icon.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { Empty, Loading, Shown } from '../../parts/states.tsx'
import { flags, readModelFilters } from './model-filters.ts'

const waitMs = 250
const perPage = 50
const modalities = ['text', 'image', 'video', 'audio', 'embedding', 'multimodal']

export default function ModelsPage() {
  const filters = readModelFilters(useSearch({ strict: false }))
  const navigate = useNavigate()
  const providers = useQuery(providersQuery)
  const change = (changed: { [Name in keyof ModelFilter]?: ModelFilter[Name] | undefined }) =>
    void navigate({ to: '/models', search: { ...filters, ...changed } as never, replace: true })
  const [search, setSearch] = useState(filters.search ?? '')
  const [sought] = useDebouncedValue(search.trim(), waitMs)
  const query: ModelFilter = { ...filters, limit: perPage, search: sought === '' ? undefined : sought }
  const models = useInfiniteQuery({
    queryKey: ['models', 'pages', query],
    queryFn: ({ pageParam, signal }) =>
      keyloft.get('/api/models', { query: { ...query, ...(pageParam ? { cursor: pageParam } : {}) }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    staleTime: 60_000,
    placeholderData: (before) => before,
  })
  return (
    <>
      <PageHead title="Models">
        What can be called here, the recommended ones first. Prices are US dollars for a million tokens, as they are in force now.
      </PageHead>
      <Group gap="sm" mb="md" align="flex-end">
        <TextInput
          label="Search"
          placeholder="Part of a name"
          size="xs"
          w={200}
          leftSection={<Icon name="search" size={14} />}
          value={search}
          onChange={({ currentTarget: { value } }) => {
            setSearch(value)
            change({ search: value.trim() || undefined })
          }}
        />
        <Select
          label="Provider"
          size="xs"
          w={140}
          clearable
          searchable
          placeholder="any"
          data={(providers.data?.items ?? []).map(({ id, name }) => ({ value: id, label: name }))}
          value={filters.provider ?? null}
          onChange={(provider) => change({ provider: provider ?? undefined })}
        />
        <Select
          label="Modality"
          size="xs"
          w={130}
          clearable
          placeholder="any"
          data={modalities}
          value={filters.modality ?? null}
          onChange={(modality) => change({ modality: (modality as ModelFilter['modality']) ?? undefined })}
        />
        <NumberInput
          label="Context at least"
          size="xs"
          w={130}
          min={1}
          step={1000}
          thousandSeparator=","
          allowDecimal={false}
          placeholder="tokens"
          value={filters.minContext ?? ''}
          onChange={(value) => change({ minContext: value === '' ? undefined : Number(value) })}
        />
        <TextInput
          label="Input at most"
          size="xs"
          w={110}
          placeholder="$ a million"
          inputMode="decimal"
          value={filters.inputAtMost ?? ''}
          onChange={({ currentTarget: { value } }) => change({ inputAtMost: /^\d{1,7}(\.\d{1,12})?$/.test(value) ? value : undefined })}
        />
        <Group gap={6}>
          {Object.entries(flags).map(([flag, label]) => (
            <Chip
              key={flag}
              size="xs"
              checked={filters[flag as keyof typeof flags] === 'true'}
              onChange={(checked) => change({ [flag]: checked ? 'true' : undefined })}
            >
              {label}
            </Chip>
          ))}
        </Group>
      </Group>
      <Shown query={models} loading={<Loading rows={8} />}>
        {({ pages }) => {
          const items = pages.flatMap(({ items }) => items)
          if (items.length === 0)
            return (
              <Empty
                icon="models"
                title="No model is like that"
                action={
                  <Button
                    size="xs"
                    variant="default"
                    onClick={() => {
                      setSearch('')
                      void navigate({ to: '/models', replace: true })
                    }}
                  >
                    Show all
                  </Button>
                }
              >
                A model that is not listed can be called all the same; it is unpriced then.
              </Empty>
            )
          return (
            <>
              <Card p={0}>
                <Table.ScrollContainer minWidth={820}>
                  <Table>
                    <Table.Thead>
                      <Table.Tr>
                        <Table.Th>Model</Table.Th>
                        <Table.Th>Provider</Table.Th>
                        <Table.Th>Can</Table.Th>
                        <Table.Th ta="right">Context</Table.Th>
                        <Table.Th ta="right">Input</Table.Th>
                        <Table.Th ta="right">Cached</Table.Th>
                        <Table.Th ta="right">Output</Table.Th>
                        <Table.Th aria-label="Actions" />
                      </Table.Tr>
                    </Table.Thead>
                    <Table.Tbody>
                      {items.map((model) => (
                        <Row key={`${model.provider} ${model.model}`} of={model} />
                      ))}
                    </Table.Tbody>
                  </Table>
                </Table.ScrollContainer>
              </Card>
              {models.hasNextPage && (
                <Group justify="center" mt="md">
                  <Button size="xs" variant="default" onClick={() => void models.fetchNextPage()} loading={models.isFetchingNextPage}>
                    Show more
                  </Button>
                </Group>
              )}
            </>
          )
        }}
      </Shown>
    </>
  )
}

function Row({
  of: { provider, model, name, description, modality, contextLength, vision, webSearch, tools, isCurated, prices },
}: {
  of: Model
}) {
  const [price] = prices
  const can = [modality !== 'text' && modality, vision && 'vision', tools && 'tools', webSearch && 'web search'].filter(
    (one) => one !== false,
  )
  return (
    <Table.Tr>
      <Table.Td maw={320}>
        <Group gap={6}>
          <Text size="sm" fw={500} title={description ?? undefined}>
            {name}
          </Text>
          {isCurated && <Badge size="sm">recommended</Badge>}
        </Group>
        <Text size="xs" c="dimmed" ff="monospace">
          {model}
        </Text>
      </Table.Td>
      <Table.Td>{provider}</Table.Td>
      <Table.Td>
        <Text size="xs" c="dimmed">
          {can.join(', ') || 'text'}
        </Text>
      </Table.Td>
      <Table.Td ta="right">{contextLength?.toLocaleString() ?? '–'}</Table.Td>
      <Table.Td ta="right">{price?.input ? <Amount usd={price.input} /> : '–'}</Table.Td>
      <Table.Td ta="right">{price?.cachedInput ? <Amount usd={price.cachedInput} /> : '–'}</Table.Td>
      <Table.Td ta="right">{price?.output ? <Amount usd={price.output} /> : '–'}</Table.Td>
      <Table.Td ta="right">
        <Button
          component={Link}
          to={`/playground?model=${encodeURIComponent(model)}`}
          size="compact-xs"
          variant="default"
          aria-label={`Try ${name}`}
        >
          Try
        </Button>
      </Table.Td>
    </Table.Tr>
  )
}
