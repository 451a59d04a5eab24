import { Button, Card, CloseButton, Group, SegmentedControl, SimpleGrid, Stack, Text, Title } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { lazy, Suspense, useState } from 'react'
import { keysQuery, quotasQuery, usageQuery } from '../../api/queries.ts'
import { Amount } from '../../parts/amount.tsx'
import { useAsked } from '../../parts/filters.ts'
import { Icon } from '../../parts/icon.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { Failed, Loading, Shown } from '../../parts/states.tsx'
import { Budgets } from './budgets.tsx'
import { Calls } from './calls.tsx'
import { downloadCsv } from './download-csv.ts'
import { type Filters, readFilters, toCallFilter, toUsageFilter } from './filters.ts'
import { Shares } from './shares.tsx'
import styles from './usage.module.css'

const DaysChart = lazy(() => import('./days-chart.tsx'))
const chartHeight = 220

export default function UsagePage() {
  const filters = readFilters(useAsked())
  const navigate = useNavigate()
  const [measure, setMeasure] = useState<'cost' | 'tokens'>('cost')
  const usage = useQuery({ ...usageQuery(toUsageFilter(filters)), placeholderData: keepPreviousData })
  const quotas = useQuery(quotasQuery)
  const keys = useQuery(keysQuery)
  const change = (changed: { [Name in keyof Filters]?: Filters[Name] | undefined }) =>
    void navigate({ to: '/usage', search: { ...filters, ...changed } as never, replace: true })
  return (
    <>
      <PageHead
        title="Usage"
        actions={
          <>
            <SegmentedControl
              aria-label="Period"
              value={filters.period}
              onChange={(period) => change({ period: period as Filters['period'] })}
              data={[
                { value: 'today', label: 'Today' },
                { value: 'week', label: '7 days' },
                { value: 'month', label: 'This month' },
                { value: 'all', label: 'All' },
              ]}
            />
            <CsvButton filters={filters} from={usage.data?.from} />
          </>
        }
      >
        What was called for you, and what it cost: each call by the price that was in force. Days are those of UTC.
      </PageHead>
      <Chosen filters={filters} change={change} />
      <Stack gap="lg">
        {quotas.error !== null && <Failed error={quotas.error} retry={quotas.refetch} />}
        <Shown
          query={quotas.isPending ? { ...usage, data: undefined, isPending: true } : usage}
          loading={<Loading rows={3} height={182} />}
        >
          {({ totals, days, providers, models, sources }) => (
            <>
              <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="md">
                <Figure label="Spend">
                  <Amount usd={totals.costUsd} />
                </Figure>
                <Figure label="Calls">{totals.requests.toLocaleString()}</Figure>
                <Figure label="Tokens in">{totals.tokens.input.toLocaleString()}</Figure>
                <Figure label="Tokens out">{totals.tokens.output.toLocaleString()}</Figure>
              </SimpleGrid>
              {totals.unpricedRequests > 0 && (
                <Text size="sm" c="dimmed">
                  {totals.unpricedRequests.toLocaleString()} of these calls had no price, and are in no sum of money.
                </Text>
              )}
              <Budgets quotas={quotas.data?.items ?? []} keys={keys.data?.items ?? []} />
              <Card component="section" aria-label="By day">
                <Group justify="space-between" mb="sm">
                  <Title order={2}>By day</Title>
                  <SegmentedControl
                    aria-label="What the bars measure"
                    value={measure}
                    onChange={(value) => setMeasure(value as typeof measure)}
                    data={[
                      { value: 'cost', label: 'Spend' },
                      { value: 'tokens', label: 'Tokens' },
                    ]}
                  />
                </Group>
                <div style={{ height: chartHeight }}>
                  {days.length === 0 ? (
                    <Text size="sm" c="dimmed">
                      No calls in this time.
                    </Text>
                  ) : (
                    <Suspense fallback={<Loading rows={1} height={chartHeight} />}>
                      <DaysChart days={days} measure={measure} height={chartHeight} />
                    </Suspense>
                  )}
                </div>
              </Card>
              {totals.requests > 0 && (
                <div className={styles.shares}>
                  <Shares
                    title="Providers"
                    of={providers}
                    nameOf={({ provider }) => provider}
                    measure={measure}
                    choose={({ provider }) => change({ provider })}
                  />
                  <Shares
                    title="Models"
                    of={models}
                    nameOf={({ model }) => model}
                    measure={measure}
                    choose={({ provider, model }) => change({ provider, model })}
                  />
                  <Shares title="Whose key paid" of={sources} nameOf={({ source }) => payers[source] ?? source} measure={measure} />
                </div>
              )}
            </>
          )}
        </Shown>
        <Calls filters={filters} from={usage.data?.from} change={change} />
      </Stack>
    </>
  )
}

const payers: Record<string, string> = {
  'user-gateway': 'Your gateway',
  'user-key': 'Your keys',
  'server-key': 'The operator',
  'team-gateway': 'The team’s gateway',
}

function Figure({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <Card py="sm">
      <Text size="xs" c="dimmed">
        {label}
      </Text>
      <Text size="xl" fw={600} className="figure" truncate>
        {children}
      </Text>
    </Card>
  )
}

/** What narrows the page down, each with a way out. */
function Chosen({ filters, change }: { filters: Filters; change: (changed: object) => void }) {
  const chosen = (['provider', 'model', 'outcome', 'key', 'token'] as const).filter((name) => filters[name] !== undefined)
  if (chosen.length === 0) return null
  return (
    <Group gap="xs" mb="md">
      {chosen.map((name) => (
        <Group key={name} gap={2} className={styles.chosen}>
          <Text size="xs">
            {name}: {filters[name]}
          </Text>
          <CloseButton size="xs" aria-label={`Without ${name} ${filters[name]}`} onClick={() => change({ [name]: undefined })} />
        </Group>
      ))}
    </Group>
  )
}

function CsvButton({ filters, from }: { filters: Filters; from: string | null | undefined }) {
  const [state, setState] = useState<'idle' | 'busy' | 'failed'>('idle')
  const download = async () => {
    setState('busy')
    setState(await downloadCsv(toCallFilter(filters, from)))
  }
  return (
    <Button
      size="xs"
      variant="default"
      leftSection={<Icon name="download" size={14} />}
      loading={state === 'busy'}
      onClick={() => void download()}
    >
      {state === 'failed' ? 'It failed: again' : 'CSV'}
    </Button>
  )
}
