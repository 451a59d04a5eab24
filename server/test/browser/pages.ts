/** Every page of the dashboard, and what it says of itself. */
export const everyPage: readonly { path: string; heading: string }[] = [
  { path: '/', heading: 'Start' },
  { path: '/playground', heading: 'Playground' },
  { path: '/models', heading: 'Models' },
  { path: '/usage', heading: 'Usage' },
  { path: '/keys', heading: 'Keys' },
  { path: '/tokens', heading: 'Tokens' },
  { path: '/account', heading: 'Account' },
]

/** Those that admins see besides, and what is on them where something was done. */
export const operatorPages: readonly { path: string; heading: string; shows: string }[] = [
  { path: '/operator/health', heading: 'Health', shows: 'Largest tables' },
  { path: '/operator/people', heading: 'People', shows: 'Who came back' },
  { path: '/operator/quotas', heading: 'Quotas', shows: 'Limits of a person' },
  { path: '/operator/errors', heading: 'Errors', shows: 'usage.no_such_call' },
  { path: '/operator/audit', heading: 'Audit', shows: 'account.tier_set' },
  { path: '/operator/prices', heading: 'Prices', shows: 'gpt-4o-mini' },
]
