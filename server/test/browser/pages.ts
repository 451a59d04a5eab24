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
