import { sql } from 'kysely'
import type { Refusals } from './refusal.ts'

export const platformRefusals: Refusals = {
  'GET /ready': {
    503: [
      {
        code: 'server.not_migrated',
        prepare: async ({ owner }) => {
          await sql`update keyloft_migrations.applied set name = 'x' || name`.execute(owner.db)
          return {}
        },
        undo: async ({ owner }) => {
          await sql`update keyloft_migrations.applied set name = substr(name, 2)`.execute(owner.db)
        },
      },
    ],
  },
}
