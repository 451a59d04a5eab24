import { createLedger } from '../../src/domains/ledger/ledger.ts'
import { createDatabase } from '../../src/platform/database/database.ts'
import type { LoginUrls } from '../../src/platform/database/logins.ts'
import { ended, makeCall } from '../ledger.ts'

/*
 * A process to be killed: it opens and settles calls as fast as it can, and says on stdout, a line each, which it knows
 * to be written. `opened` is the moment from which a client may see a byte.
 */
const urls = JSON.parse(process.env.LOGIN_URLS ?? '{}') as LoginUrls
const ledger = createLedger({
  database: createDatabase(urls, { poolSize: 4, onError: () => {} }),
  clock: Date.now,
  settings: { flights: 2 },
})

const say = (word: string, id: string) => process.stdout.write(`${word} ${id}\n`)

async function makeCalls() {
  for (;;) {
    const call = makeCall()
    await ledger.open(call)
    say('opened', call.id)
    await ledger.settle(call, ended())
    say('settled', call.id)
  }
}
await Promise.all(Array.from({ length: 32 }, makeCalls))
