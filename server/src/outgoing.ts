import type { Logger } from 'pino'
import type { Config } from './config.ts'
import { createEgress, type Egress } from './platform/egress/egress.ts'
import { createTracing, type Tracing } from './platform/telemetry/tracing.ts'
import { version } from './version.ts'

/** What a process sends out, and how it says what it did. */
export interface Outgoing {
  egress: Egress
  tracing: Tracing
  /** Once nothing else runs: what was traced is sent, then the door is shut. */
  close(): Promise<void>
}

const tracesTimeoutMs = 500

export async function openOutgoing({ egress: settings, tracing: receiver }: Config, log: Logger): Promise<Outgoing> {
  const egress = createEgress(settings)
  const uninstall = egress.installGlobally()
  const onProblem = (reason: string) => log.warn({ reason }, 'traces are not received')
  const tracing = await createTracing(receiver, { egress, version, onProblem })
  return {
    egress,
    tracing,
    async close() {
      await tracing.close(tracesTimeoutMs)
      uninstall()
      await egress.close()
    },
  }
}
