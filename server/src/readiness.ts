import { setTimeout as sleep } from 'node:timers/promises'
import { AppError, defineErrors } from './base/errors.ts'
import { type Database, requireMigrated } from './platform/database/database.ts'
import { databaseErrors } from './platform/database/errors.ts'
import { SetupError } from './platform/database/setup-error.ts'
import type { Readiness } from './platform/http/probes.ts'

export const serverErrors = defineErrors('server', {
  not_migrated: { status: 503, message: 'The database does not have the migrations of this version.' },
})

const timeoutMs = 3_000

/** One question at a time, however many ask for it. A database that does not answer in time counts as away. */
export function createReadiness(database: Database): Readiness {
  let asked: ReturnType<Readiness> | undefined
  return () => {
    const late = sleep(timeoutMs, toFault(databaseErrors.unavailable()), { ref: false })
    asked ??= Promise.race([ask(database), late]).finally(() => {
      asked = undefined
    })
    return asked
  }
}

async function ask(database: Database): ReturnType<Readiness> {
  try {
    requireMigrated(await database.migrations())
    return undefined
  } catch (error) {
    if (error instanceof SetupError) return toFault(serverErrors.not_migrated({ message: error.message }))
    if (error instanceof AppError) return toFault(error)
    throw error
  }
}

function toFault({ code, message }: AppError) {
  return { code, message }
}
