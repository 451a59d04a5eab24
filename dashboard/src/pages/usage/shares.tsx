import type { Usage } from '@keyloft/sdk'
import { Card, Title, UnstyledButton } from '@mantine/core'
import { Amount } from '../../parts/amount.tsx'
import { heightOf } from '../../parts/money.ts'
import styles from './usage.module.css'

type Sums = Pick<Usage['totals'], 'costUsd' | 'requests' | 'tokens'>

interface Shares<T extends Sums> {
  title: string
  of: readonly T[]
  nameOf: (one: T) => string
  measure: 'cost' | 'tokens'
  choose?: (one: T) => void
}

/** A list with bars: who has the most of it. */
export function Shares<T extends Sums>({ title, of, nameOf, measure, choose }: Shares<T>) {
  const size = (one: T) => (measure === 'cost' ? heightOf(one.costUsd) : one.tokens.total)
  const largest = Math.max(...of.map(size), Number.MIN_VALUE)
  return (
    <Card component="section" aria-label={title}>
      <Title order={2} mb={6}>
        {title}
      </Title>
      {of.map((one) => {
        const content = (
          <>
            <span className={styles.line}>
              <span className={styles.name} title={nameOf(one)}>
                {nameOf(one)}
              </span>
              <span>{measure === 'cost' ? <Amount usd={one.costUsd} /> : one.tokens.total.toLocaleString()}</span>
            </span>
            <span className={styles.bar} style={{ display: 'block' }} aria-hidden="true">
              <div style={{ width: `${(Math.max(size(one), 0) / largest) * 100}%` }} />
            </span>
          </>
        )
        const key = `${nameOf(one)} ${'provider' in one ? one.provider : ''}`
        return choose ? (
          <UnstyledButton key={key} className={styles.share} data-choosable onClick={() => choose(one)} title={`Only ${nameOf(one)}`}>
            {content}
          </UnstyledButton>
        ) : (
          <div key={key} className={styles.share}>
            {content}
          </div>
        )
      })}
    </Card>
  )
}
