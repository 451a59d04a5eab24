import { sql } from 'kysely'
import { z } from 'zod'
import { defineRoute } from '../../platform/http/define-route.ts'
import { latelyMinutes, type RecentError } from '../../platform/telemetry/recent-requests.ts'
import { connectionsWarning, readFigures } from './database-figures.ts'
import { instance } from './health.ts'
import type { OperatorDeps } from './operator.ts'

const alertSchema = z
  .object({
    id: z.string(),
    title: z.string(),
    state: z.enum(['ok', 'firing', 'unknown']),
    value: z.number().nullable().describe('Null: there is nothing to tell it from.'),
    above: z.number().describe('It fires when the value is above this.'),
    unit: z.enum(['share', 'seconds', 'count']),
    from: z.enum(['process', 'database']).describe('process: what this process saw in the last minutes. database: what is so now.'),
    detail: z.string(),
  })
  .meta({ id: 'Alert' })
type Alert = z.infer<typeof alertSchema>

/** A key was wanted and none was found; that a limit held or a model is not allowed is as it should be. */
const unresolved = new Set(
  ['no_key', 'fallback_disabled', 'own_keys_only', 'not_served', 'resting', 'lookup_failed'].map((name) => `resolver.${name}`),
)
/** On every dialect's paths; a list of models is no call. */
const isCall = (route: string) => /^\/(?:v1|v1beta|proxy)\/(?!models$)/.test(route)

export function alertsRoute({ database, metrics, clock }: OperatorDeps) {
  return defineRoute({
    method: 'GET',
    path: '/api/admin/alerts',
    policy: { allow: 'admin' },
    schema: {
      summary: 'What an operator wants to be told of, and whether it is so now',
      reply: z.object({ instance: z.string(), latelyMinutes: z.int(), at: z.iso.datetime(), items: z.array(alertSchema) }),
    },
    handler: async ({ principal, request }) => {
      const inDatabase = await database.system(
        'figures for an admin',
        async (tx) => {
          const figures = await readFigures(tx)
          const { rows } = await sql<{ people_without_key: string; calls_left_open: string }>`
            select people_without_key, calls_left_open from keyloft.alert_figures()`.execute(tx)
          return { ...figures, peopleWithoutKey: Number(rows[0]?.people_without_key), callsLeftOpen: Number(rows[0]?.calls_left_open) }
        },
        { principal, requestId: request.id },
      )
      return {
        instance,
        latelyMinutes,
        at: new Date(clock()).toISOString(),
        items: [...ofProcess(metrics), ...ofDatabase(inDatabase)],
      }
    },
  })
}

function ofProcess(metrics: OperatorDeps['metrics']): Alert[] {
  const { recent } = metrics
  const errors = recent.errors()
  const count = (fits: (error: RecentError) => boolean) => errors.reduce((sum, error) => sum + (fits(error) ? error.lately : 0), 0)
  const calls = recent.requests(isCall)
  const failures = count(({ code }) => unresolved.has(code))
  const vault = metrics.lately('vault_operation_duration_seconds', 0.95)
  const forbidden = count(({ code }) => code === 'database.forbidden')
  return [
    judge({
      id: 'resolution-failures',
      title: 'Calls for which no key was found',
      value: calls === 0 ? null : Math.min(1, failures / calls),
      above: 0.05,
      unit: 'share',
      from: 'process',
      detail: calls === 0 ? 'No calls came lately.' : `${failures} of ${calls} calls.`,
    }),
    judge({
      id: 'vault-latency',
      title: 'Time that the vault takes (95 of 100 are faster)',
      // Beyond the last bound nothing more is known than that.
      value: vault.withinSeconds === undefined ? null : Math.min(vault.withinSeconds, 10),
      above: 0.5,
      unit: 'seconds',
      from: 'process',
      detail:
        vault.count === 0 ? 'The vault was not asked lately.' : `${vault.count} operations; the value is the bound they stayed below.`,
    }),
    judge({
      id: 'row-level-security',
      title: 'Refusals by the database itself',
      value: forbidden,
      above: 0,
      unit: 'count',
      from: 'process',
      detail: 'A statement wanted what its role may not. Each is an attempt, or a fault of ours: the log has its request.',
    }),
    judge({
      id: 'webhook-verification',
      title: 'Webhooks whose signature did not hold',
      value: null,
      above: 0,
      unit: 'count',
      from: 'process',
      detail: 'This version takes no webhooks.',
    }),
  ]
}

interface InDatabase {
  connections: number
  maxConnections: number
  peopleWithoutKey: number
  callsLeftOpen: number
}

function ofDatabase({ connections, maxConnections, peopleWithoutKey, callsLeftOpen }: InDatabase): Alert[] {
  return [
    judge({
      id: 'connections',
      title: 'Connections to the database',
      value: connections,
      above: connectionsWarning({ maxConnections }),
      unit: 'count',
      from: 'database',
      detail: `The server takes ${maxConnections}.`,
    }),
    judge({
      id: 'people-without-key',
      title: 'People who lost their last key',
      value: peopleWithoutKey,
      above: 0,
      unit: 'count',
      from: 'database',
      detail: 'They made calls with a key of their own in the last 7 days and have none now that can be used.',
    }),
    judge({
      id: 'calls-left-open',
      title: 'Calls that nobody ended',
      value: callsLeftOpen,
      above: 0,
      unit: 'count',
      from: 'database',
      detail: 'Their process went away more than 5 minutes ago, and no sweep has booked them: does a process work on jobs?',
    }),
  ]
}

function judge(alert: Omit<Alert, 'state'>): Alert {
  const { value, above } = alert
  return { ...alert, state: value === null ? 'unknown' : value > above ? 'firing' : 'ok' }
}
