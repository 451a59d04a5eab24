import type { CanaryCase } from './canary-case.ts'

export const tokenCases: Record<string, CanaryCase> = {
  'a leaked token is presented': {
    sealsNothing: true,
    fields: ['POST /api/tokens/revoke body.token'],
    reaches: [404],
    async run(house) {
      for (const before of ['', 'klt_']) {
        await house.send({ method: 'POST', url: '/api/tokens/revoke', payload: { token: house.plant(before) } })
      }
    },
  },
}
