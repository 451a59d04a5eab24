import type { ReplyOf } from '@keyloft/sdk'
import { Badge, Card, Code, Group, Table, Text, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { useEffect, useState } from 'react'
import { keyloft } from '../../api/client.ts'
import { useFilters } from '../../parts/filters.ts'
import { formatUsd } from '../../parts/money.ts'
import { PageHead } from '../../parts/page-head.tsx'
import { Empty, Loading, Shown } from '../../parts/states.tsx'
import styles from './operator.module.css'
import { More, rowsOf, usePaged } from './pages.tsx'

type Price = ReplyOf<'GET /api/admin/prices'>['items'][number]

/** Rates beside input and output, where a row has them. */
const others: [keyof Price, string][] = [
  ['cachedInput', 'cached'],
  ['cacheWrite5m', 'cache write 5 min'],
  ['cacheWrite1h', 'cache write 1 h'],
  ['audioInput', 'audio in'],
  ['reasoning', 'reasoning'],
  ['audioOutput', 'audio out'],
  ['image', 'each image'],
  ['search', 'each search'],
  ['request', 'each request'],
]

export default function PricesPage() {
  const [{ model, provider }, setFilters] = useFilters(['model', 'provider'])
  const query = { limit: 100, ...(model ? { model: model.slice(0, 200) } : {}), ...(provider ? { provider: provider.slice(0, 50) } : {}) }
  const prices = usePaged(['operator', 'prices', query], (cursor, signal) =>
    keyloft.get('/api/admin/prices', { query: { ...query, ...(cursor ? { cursor } : {}) }, signal }),
  )
  return (
    <>
      <PageHead title="Prices">
        Every price with its date, in USD for a million tokens. A row is in force until the next of its model, and none is ever changed: new
        ones come by <Code>keyloft models import</Code>.
      </PageHead>
      <search className={styles.filters} aria-label="Filters">
        <Group gap="xs">
          <Sought label="Model" value={model} onChange={(sought) => setFilters({ model: sought })} />
          <Sought label="Provider" value={provider} onChange={(sought) => setFilters({ provider: sought })} />
        </Group>
      </search>
      <Shown query={prices} loading={<Loading rows={10} height={44} />}>
        {(data) => {
          const rows = rowsOf(data)
          if (rows.length === 0)
            return (
              <Empty icon="price" title={model || provider ? 'No price is like this' : 'There are no prices yet'}>
                Calls of a model without a price are written down as unpriced. keyloft models import brings prices.
              </Empty>
            )
          return (
            <>
              <Card padding={0}>
                <Rows rows={rows} />
              </Card>
              <More of={prices} />
            </>
          )
        }}
      </Shown>
    </>
  )
}

function Sought({ label, value = '', onChange }: { label: string; value: string | undefined; onChange: (value: string) => void }) {
  const [text, setText] = useState(value)
  const ask = useDebouncedCallback(onChange, 250)
  useEffect(() => setText((before) => (before.trim() === value ? before : value)), [value])
  return (
    <TextInput
      label={label}
      flex="1 1 160px"
      maw={280}
      value={text}
      onChange={({ currentTarget }) => {
        setText(currentTarget.value)
        ask(currentTarget.value.trim())
      }}
    />
  )
}

function Rows({ rows }: { rows: Price[] }) {
  return (
    <Table>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Model</Table.Th>
          <Table.Th>From</Table.Th>
          <Table.Th className={styles.number}>Input</Table.Th>
          <Table.Th className={styles.number}>Output</Table.Th>
          <Table.Th className={styles.wide}>Others</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map((price) => (
          <Table.Tr key={`${price.provider} ${price.model} ${price.effectiveFrom} ${price.fromInputTokens}`}>
            <Table.Td>
              <span className={styles.code}>{price.model}</span>
              <Text size="xs" c="dimmed" component="div">
                {price.provider}
                {price.fromInputTokens > 0 && `, from ${price.fromInputTokens.toLocaleString()} input tokens`}
              </Text>
            </Table.Td>
            <Table.Td>
              <span title={`${price.effectiveFrom} (UTC)`}>{price.effectiveFrom.slice(0, 10)}</span>
              <Group gap={4}>
                {price.isInForce && <Badge size="xs">in force</Badge>}
                {price.source === 'imported' && (
                  <Badge size="xs" color="gray">
                    imported
                  </Badge>
                )}
              </Group>
            </Table.Td>
            <Table.Td className={styles.number}>{price.input === null ? '–' : formatUsd(price.input)}</Table.Td>
            <Table.Td className={styles.number}>{price.output === null ? '–' : formatUsd(price.output)}</Table.Td>
            <Table.Td className={styles.wide}>
              <Text size="xs" c="dimmed">
                {others
                  .filter(([name]) => price[name] !== null)
                  .map(([name, label]) => `${label} ${formatUsd(String(price[name]))}`)
                  .join(', ') || '–'}
              </Text>
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  )
}
