import '@mantine/charts/styles.css'
import type { Usage } from '@keyloft/sdk'
import { BarChart } from '@mantine/charts'
import { formatExactUsd, formatUsd, heightOf } from '../../parts/money.ts'
import styles from './usage.module.css'

interface DaysChart {
  days: Usage['days']
  measure: 'cost' | 'tokens'
  height: number
}

const dayName = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric', timeZone: 'UTC' })

/** The bars are drawings; what they say in figures is in the tip and, for who hears the page, in the table. */
export default function DaysChart({ days, measure, height }: DaysChart) {
  const figureOf = ({ costUsd, tokens }: Usage['days'][number]) => (measure === 'cost' ? formatUsd(costUsd) : tokens.total.toLocaleString())
  const data = days.map((day) => ({
    ...day,
    name: dayName.format(new Date(day.date)),
    size: measure === 'cost' ? heightOf(day.costUsd) : day.tokens.total,
  }))
  return (
    <>
      <div aria-hidden="true">
        <BarChart
          h={height}
          data={data}
          dataKey="name"
          series={[{ name: 'size', color: 'var(--accent)' }]}
          withLegend={false}
          gridAxis="x"
          tickLine="none"
          maxBarWidth={44}
          barChartProps={{ accessibilityLayer: false }}
          barProps={{ radius: [3, 3, 0, 0], isAnimationActive: false }}
          yAxisProps={{
            width: 84,
            tickFormatter: (size: number) => (measure === 'cost' ? `$${Number(size.toPrecision(2))}` : compact.format(size)),
          }}
          tooltipAnimationDuration={0}
          tooltipProps={{
            content: ({ payload }) => {
              const day = payload?.[0]?.payload as Usage['days'][number] | undefined
              return day ? (
                <div className={styles.tip}>
                  <b>{day.date}</b>
                  <div>{formatExactUsd(day.costUsd)}</div>
                  <div>
                    {day.requests.toLocaleString()} calls, {day.tokens.total.toLocaleString()} tokens
                  </div>
                </div>
              ) : null
            },
          }}
        />
      </div>
      <table className={styles.hidden}>
        <caption>{measure === 'cost' ? 'Spend' : 'Tokens'} by day</caption>
        <tbody>
          {days.map((day) => (
            <tr key={day.date}>
              <th scope="row">{day.date}</th>
              <td>{figureOf(day)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  )
}

const compact = new Intl.NumberFormat(undefined, { notation: 'compact' })
