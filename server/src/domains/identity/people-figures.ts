import { sql } from 'kysely'
import { z } from 'zod'
import type { Asked, Database } from '../../platform/database/database.ts'

const count = z.int()

export const peopleFiguresSchema = z
  .object({
    people: count,
    anonymous: count.describe('Of these: began without an account and have none yet.'),
    movedFromAnonymous: count.describe('Anonymous ones whose things went into an account that was there already.'),
    pro: count,
    admins: count,
    closed: count,
    activeToday: count.describe('Made a call, by the day in UTC.'),
    activeIn7Days: count,
    activeIn30Days: count,
    registrations: z.array(z.object({ day: z.string(), people: count, anonymous: count })).describe('The last 30 days.'),
    retention: z
      .array(z.object({ week: z.string().describe('Its Monday.'), people: count, active: z.array(count) }))
      .describe('Of those who came in a week: how many made calls in that week, in the next, and so on.'),
    features: z.object({
      called: count.describe('Of the last 12 weeks; the others are of now.'),
      keptAKey: count,
      madeAToken: count,
      hasOwnGateway: count,
      ownKeysOnly: count,
      signsInElsewhere: count,
    }),
  })
  .meta({ id: 'PeopleFigures' })

export async function readPeopleFigures(database: Pick<Database, 'system'>, asked: Asked): Promise<z.infer<typeof peopleFiguresSchema>> {
  const { rows } = await database.system(
    'count people',
    (tx) => sql<{ figures: unknown }>`select keyloft.people_figures() as figures`.execute(tx),
    asked,
  )
  return peopleFiguresSchema.parse(rows[0]?.figures)
}
