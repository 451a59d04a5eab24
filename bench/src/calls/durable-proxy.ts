import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { withDatabase } from '../throwaway.ts'
import { announce } from './announce.ts'
import { serveHolding } from './holding-proxy.ts'

/*
 * The bare proxy, which besides writes one plain row for each call before its answer leaves: into a table with a primary
 * key and nothing else, all that have gathered in one commit. With `capped` it also reserves each call in one counter, in
 * a commit before the call is made, and books it there with the row. It knows nobody, chooses nothing, reads and prices
 * nothing: what is missing to 1.0 here is what durability alone costs on this machine.
 */

const [, , provider = '', limits = ''] = process.argv
const ended = new AbortController()
process.on('disconnect', () => ended.abort())

const words = 'x'.repeat(300)
const tables = `
  create table calls (id uuid primary key, words text);
  create table holds (id uuid primary key);
  create table counter (used bigint not null, reserved bigint not null);
  insert into counter values (0, 0)`
const statements = {
  reserve: `with reserved as (update counter set reserved = reserved + cardinality($1::uuid[]) where used + reserved < 1e15 returning 1)
            insert into holds select id from unnest($1::uuid[]) as id where exists (select from reserved)`,
  book: `with ended as (delete from holds where id = any ($1::uuid[])),
              booked as (update counter set reserved = reserved - cardinality($1::uuid[]), used = used + cardinality($1::uuid[]))
         insert into calls select id, '${words}' from unnest($1::uuid[]) as id`,
  write: `insert into calls select id, '${words}' from unnest($1::uuid[]) as id`,
}

/** All that have gathered while the last was on its way go with the next. */
function inGroups(client: pg.Client, name: keyof typeof statements): (id: string, done: () => void) => void {
  let waiting: { id: string; done: () => void }[] = []
  let isUnderWay = false
  async function flush() {
    isUnderWay = true
    while (waiting.length > 0) {
      const batch = waiting
      waiting = []
      await client.query({ name, text: statements[name], values: [`{${batch.map(({ id }) => id).join(',')}}`] })
      for (const { done } of batch) done()
    }
    isUnderWay = false
  }
  return (id, done) => {
    waiting.push({ id, done })
    if (!isUnderWay) void flush()
  }
}

await withDatabase(ended.signal, async ({ url }) => {
  const clients = [new pg.Client({ connectionString: url }), new pg.Client({ connectionString: url })] as const
  await Promise.all(clients.map((client) => client.connect()))
  await clients[0].query(tables)
  const books =
    limits === 'capped'
      ? { open: inGroups(clients[0], 'reserve'), end: inGroups(clients[1], 'book') }
      : { end: inGroups(clients[0], 'write') }
  await serveHolding(provider, randomUUID, books, async (port) => {
    announce(port)
    await new Promise((resolve) => process.once('disconnect', resolve))
  })
  await Promise.all(clients.map((client) => client.end()))
})
