import { once } from 'node:events'
import { readConfig } from '../config.ts'
import { startWorker } from '../worker.ts'
import type { Output } from './output.ts'
import { projectFolder } from './project-folder.ts'

/** After this the process ends whatever still hangs. */
const stopDeadlineMs = 9_500

export async function worker(output: Output): Promise<void> {
  const config = readConfig(projectFolder(), { needsRootKeys: true })
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stopping.signal.aborted) return
      output.progress('Stopping.')
      setTimeout(() => process.exit(1), stopDeadlineMs).unref()
      stopping.abort()
    })
  }
  const working = await startWorker(config, stopping.signal).catch((error) => {
    if (!stopping.signal.aborted) throw error
  })
  if (!working) return process.exit(0)
  output.result({ jobs: working.jobs }, ['Keyloft works on:', ...working.jobs.map((name) => `  ${name}`)])
  if (!stopping.signal.aborted) await once(stopping.signal, 'abort')
  await working.stop()
  process.exit(0)
}
