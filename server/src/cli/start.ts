import { once } from 'node:events'
import { readConfig } from '../config.ts'
import { type StartOptions, startKeyloft } from '../main.ts'
import type { Output } from './output.ts'
import { projectFolder } from './project-folder.ts'

/** After this the process ends whatever still hangs: a person has waited long enough. */
const stopDeadlineMs = 9_500

export async function start(output: Output, options: Pick<StartOptions, 'moreRoutes'> = {}): Promise<void> {
  const config = readConfig(projectFolder(), { needsRootKeys: true })
  // Whoever reads what we print may be gone before us: a closed terminal must not keep us from stopping cleanly.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  const stopping = stopOnSignal(output)
  const keyloft = await startKeyloft(config, { ...options, onProgress: output.progress, signal: stopping }).catch((error) => {
    if (!stopping.aborted) throw error
  })
  if (!keyloft) return process.exit(0)

  const { url, database, directory: dataDirectory, rootKeys } = keyloft
  const notes =
    dataDirectory?.insteadOf === undefined
      ? []
      : ['', `  ${dataDirectory.insteadOf} is closed to the user postgres, so ${dataDirectory.path} was taken.`]
  output.result({ url, database, dataDirectory: dataDirectory?.path ?? null, rootKeys }, [
    '',
    `  Keyloft listens on ${url}`,
    '',
    `  Database    ${database}`,
    ...(dataDirectory ? [`  Data        ${dataDirectory.path}`] : []),
    `  Root keys   ${rootKeys}${dataDirectory && rootKeys === dataDirectory.rootKeys ? '  (keep a copy: without it nothing sealed can be read)' : ''}`,
    ...notes,
    '',
    `  Try next    curl ${url}/ready`,
    '              npm run -s keyloft -- doctor',
    '',
  ])

  if (!stopping.aborted) await once(stopping, 'abort')
  await keyloft.stop()
  process.exit(0) // all that had to finish has; what still holds the process would hold it for nothing
}

/** Aborts at the first signal; a terminal and npm may send the same one several times. */
function stopOnSignal(output: Output): AbortSignal {
  const stopping = new AbortController()
  const stop = (signal: NodeJS.Signals) => {
    if (stopping.signal.aborted) return
    output.progress(signal === 'SIGINT' ? '\nStopping.' : 'Stopping.')
    setTimeout(() => {
      process.stderr.write('Something did not stop in time; leaving it.\n')
      process.exit(1)
    }, stopDeadlineMs).unref()
    stopping.abort()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
  return stopping.signal
}
