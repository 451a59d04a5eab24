import { Badge, Button, Card, Group, Text } from '@mantine/core'
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { keyloft } from '../../api/client.ts'
import { useFilters } from '../../parts/filters.ts'
import { PageHead } from '../../parts/page-head.tsx'
import { Empty, Loading, Shown } from '../../parts/states.tsx'
import { filterNames, ModelFilters, toQuery } from './model-filters.tsx'
import { ModelRows } from './model-rows.tsx'

/** The catalogue as the server has it; every question is the server's to answer, and stands in the address. */
export default function ModelsPage() {
  const [filters, setFilters] = useFilters(filterNames)
  const facets = useQuery({
    queryKey: ['models', 'facets'],
    queryFn: ({ signal }) => keyloft.get('/api/models/facets', { signal }),
    staleTime: 60_000,
  })
  const query = toQuery(filters)
  const models = useInfiniteQuery({
    queryKey: ['models', 'list', query],
    queryFn: ({ pageParam, signal }) =>
      keyloft.get('/api/models', { query: { ...query, limit: 50, ...(pageParam ? { cursor: pageParam } : {}) }, signal }),
    initialPageParam: '',
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  })
  const clear = () => setFilters(Object.fromEntries(filterNames.map((name) => [name, undefined])))
  const isFiltered = Object.keys(filters).length > 0
  return (
    <>
      <PageHead title="Models">
        What can be called by its name here, the recommended ones first, and what it costs in USD for a million tokens.
      </PageHead>
      <ModelFilters filters={filters} onChange={setFilters} facets={facets.data} />
      <Shown query={models} loading={<Loading rows={10} height={44} />}>
        {({ pages }) => {
          const items = pages.flatMap((page) => page.items)
          if (items.length === 0)
            return (
              <Empty
                icon="models"
                title={isFiltered ? 'No model is like this' : 'The catalogue is empty'}
                action={
                  isFiltered && (
                    <Button variant="default" size="xs" onClick={clear}>
                      Show all models
                    </Button>
                  )
                }
              >
                {isFiltered
                  ? 'A model that is not in the catalogue can be called all the same; it has no price then.'
                  : 'Whoever runs this server imports models with keyloft models import.'}
              </Empty>
            )
          return (
            <>
              <Group gap="xs" mb={6} justify="space-between">
                <Text size="xs" c="dimmed" role="status">
                  {items.length}
                  {facets.data && ` of ${facets.data.total.toLocaleString()}`} models{models.isPlaceholderData && ' …'}
                </Text>
                {isFiltered && (
                  <Button variant="subtle" size="compact-xs" onClick={clear}>
                    Show all
                  </Button>
                )}
              </Group>
              <Card padding={0}>
                <ModelRows models={items} />
              </Card>
              {models.hasNextPage && (
                <Group justify="center" mt="sm">
                  <Button variant="default" size="xs" loading={models.isFetchingNextPage} onClick={() => models.fetchNextPage()}>
                    Show more
                  </Button>
                </Group>
              )}
            </>
          )
        }}
      </Shown>
      <Text size="xs" c="dimmed" mt="md">
        <Badge size="xs">recommended</Badge> by whoever runs this server.
      </Text>
    </>
  )
}
