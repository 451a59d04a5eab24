import type { ReplyOf } from '@keyloft/sdk'
import { Badge, Button, Code, CopyButton, Group, Stack, Table, Text, UnstyledButton } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { Fragment, useState } from 'react'
import { Icon } from '../../parts/icon.tsx'
import { formatUsd } from '../../parts/money.ts'
import styles from './models.module.css'

type Model = ReplyOf<'GET /api/models'>['items'][number]
type Price = Model['prices'][number]

const can = [
  { name: 'vision', label: 'images' },
  { name: 'tools', label: 'tools' },
  { name: 'webSearch', label: 'web' },
] as const

export function ModelRows({ models }: { models: readonly Model[] }) {
  const [open, setOpen] = useState<string>()
  return (
    <Table className={styles.table} layout="auto">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Model</Table.Th>
          <Table.Th className={styles.wide}>Provider</Table.Th>
          <Table.Th className={styles.wide}>Can</Table.Th>
          <Table.Th className={`${styles.number} ${styles.wide}`}>Context</Table.Th>
          <Table.Th className={styles.number}>Input</Table.Th>
          <Table.Th className={styles.number}>Output</Table.Th>
          <Table.Th className={styles.wide} aria-label="Actions" />
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {models.map((model) => {
          const id = `${model.provider} ${model.model}`
          const isOpen = open === id
          const [price] = model.prices
          return (
            <Fragment key={id}>
              <Table.Tr>
                <Table.Td className={styles.name}>
                  <UnstyledButton className={styles.toggle} aria-expanded={isOpen} onClick={() => setOpen(isOpen ? undefined : id)}>
                    <Group gap={6}>
                      <Text size="sm" fw={500} span>
                        {model.name}
                      </Text>
                      {model.isCurated && <Badge size="xs">recommended</Badge>}
                    </Group>
                    <Text size="xs" c="dimmed" ff="monospace" component="div">
                      {model.model}
                    </Text>
                    <Text size="xs" c="dimmed" component="div" className={styles.narrow}>
                      {[
                        model.provider,
                        shortTokens(model.contextLength),
                        ...can.filter(({ name }) => model[name]).map(({ label }) => label),
                      ]
                        .filter(Boolean)
                        .join(' · ')}
                    </Text>
                  </UnstyledButton>
                </Table.Td>
                <Table.Td className={styles.wide}>{model.provider}</Table.Td>
                <Table.Td className={styles.wide}>
                  <Text size="xs" c="dimmed" span>
                    {[
                      ...(model.modality === 'text' ? [] : [model.modality]),
                      ...can.filter(({ name }) => model[name]).map(({ label }) => label),
                    ].join(', ') || '–'}
                  </Text>
                </Table.Td>
                <Table.Td className={`${styles.number} ${styles.wide}`} title={model.contextLength?.toLocaleString()}>
                  {shortTokens(model.contextLength) || '–'}
                </Table.Td>
                <Table.Td className={styles.number}>{usd(price?.input)}</Table.Td>
                <Table.Td className={styles.number}>{usd(price?.output)}</Table.Td>
                <Table.Td className={`${styles.number} ${styles.wide}`}>
                  <Try model={model} />
                </Table.Td>
              </Table.Tr>
              {isOpen && (
                <Table.Tr>
                  <Table.Td colSpan={7}>
                    <Details model={model} />
                  </Table.Td>
                </Table.Tr>
              )}
            </Fragment>
          )
        })}
      </Table.Tbody>
    </Table>
  )
}

function Try({ model: { model, name } }: { model: Model }) {
  return (
    <Button component={Link} to="/playground" search={{ model } as never} size="compact-xs" variant="default" aria-label={`Try ${name}`}>
      Try
    </Button>
  )
}

const rates: [keyof Price, string][] = [
  ['input', 'Input'],
  ['cachedInput', 'Cached input'],
  ['cacheWrite5m', 'Cache write, 5 min'],
  ['cacheWrite1h', 'Cache write, 1 h'],
  ['audioInput', 'Audio input'],
  ['output', 'Output'],
  ['reasoning', 'Reasoning'],
  ['audioOutput', 'Audio output'],
  ['image', 'Each image'],
  ['search', 'Each search of the web'],
  ['request', 'Each request'],
]

function Details({ model }: { model: Model }) {
  return (
    <Stack gap="sm" className={styles.detail}>
      {model.description && <Text size="sm">{model.description}</Text>}
      {model.prices.length === 0 && (
        <Text size="sm" c="dimmed">
          Nobody has entered a price. Calls are written down as unpriced.
        </Text>
      )}
      {model.prices.map((price) => (
        <div key={price.fromInputTokens}>
          {model.prices.length > 1 && (
            <Text size="xs" fw={500} mb={4}>
              {price.fromInputTokens === 0 ? 'Usual calls' : `Calls with ${price.fromInputTokens.toLocaleString()} input tokens or more`}
            </Text>
          )}
          <dl className={styles.rates}>
            {rates
              .filter(([name]) => price[name] !== null)
              .map(([name, label]) => (
                <div key={name}>
                  <dt>{label}</dt>
                  <dd>{usd(String(price[name]))}</dd>
                </div>
              ))}
          </dl>
        </div>
      ))}
      <Group gap="xs">
        <Try model={model} />
        <CopyButton value={model.model}>
          {({ copied, copy }) => (
            <Button size="compact-sm" variant="default" onClick={copy} leftSection={<Icon name={copied ? 'check' : 'copy'} size={12} />}>
              {copied ? 'Copied' : 'Copy its name'}
            </Button>
          )}
        </CopyButton>
        <Text size="xs" c="dimmed">
          {[
            model.contextLength && `${model.contextLength.toLocaleString()} tokens of context`,
            model.maxTokens && `${model.maxTokens.toLocaleString()} of output at most`,
            model.pricedFrom && `prices since ${model.pricedFrom.slice(0, 10)}`,
          ]
            .filter(Boolean)
            .join(' · ')}
        </Text>
        <Code>{model.provider}</Code>
      </Group>
    </Stack>
  )
}

const usd = (decimal: string | null | undefined) => (decimal == null ? '–' : formatUsd(decimal))

/** Exact where it is shown in full: 200 k is 200,000 and 1,048,576 is 1.05 M. */
function shortTokens(tokens: number | null): string {
  if (tokens === null) return ''
  return tokens >= 1_000_000
    ? `${+(tokens / 1_000_000).toFixed(2)} M`
    : tokens >= 1_000
      ? `${+(tokens / 1_000).toFixed(1)} k`
      : String(tokens)
}
