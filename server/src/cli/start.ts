import { readConfig } from '../config.ts'
import { startKeyloft } from '../main.ts'
import type { Output } from './output.ts'
import { projectFolder } from './project-folder.ts'

/** After this the process ends whatever still hangs: a person has waited long enough. */
const stopDeadlineMs = 9_500

export async function start(output: Output): Promise<void> {
  const config = readConfig(projectFolder(), { needsRootKeys: true })
  const stopped = onStopSignal()
  const keyloft = await startKeyloft(config, output.progress)

  const { url, database, dataDirectory, rootKeys } = keyloft
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

  const signal = await stopped
  output.progress(signal === 'SIGINT' ? '\nStopping.' : 'Stopping.')
  setTimeout(() => {
    process.stderr.write('Something did not stop in time; leaving it.\n')
    process.exit(1)
  }, stopDeadlineMs).unref()
  await keyloft.stop()
}

/** The first signal counts; a terminal and npm may send the same one several times. */
function onStopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve(signal))
  })
}
