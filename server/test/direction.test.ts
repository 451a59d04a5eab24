import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { describe, expect, it } from 'vitest'

/*
 * Imports point one way: the edges build on domains, domains on platform, platform on base. Between domains, and
 * between rooms of the platform, only the arrows of these tables are allowed, and they form no circle.
 */
const layers = [
  ['base'],
  ['platform'],
  ['domains'],
  ['config', 'config-variables', 'env-file', 'schema', 'version'],
  ['app', 'catalogues', 'dashboard', 'jobs', 'open-database', 'outgoing', 'readiness'],
  ['encryption', 'main', 'worker'],
  ['cli'],
]
const domains: Record<string, string[]> = {
  gateway: ['ledger', 'providers'],
  identity: ['tokens'],
  ledger: [],
  'mock-provider': [],
  models: ['providers'],
  operator: [],
  'provider-objects': [],
  providers: [],
  quotas: ['providers'],
  resolver: ['providers', 'vault'],
  settings: [],
  tokens: [],
  usage: ['ledger', 'providers'],
  vault: ['providers'],
}
const platform: Record<string, string[]> = {
  sealing: [],
  egress: [],
  signals: ['egress'],
  mail: ['egress'],
  database: ['sealing', 'egress'],
  embedded: ['database', 'egress', 'sealing'],
  telemetry: ['database', 'egress'],
  http: ['database', 'queue', 'telemetry'],
  queue: ['database', 'egress', 'telemetry'],
  secrets: ['database', 'sealing'],
  audit: ['database'],
}

const root = join(import.meta.dirname, '../src')

interface Import {
  from: string
  to: string
}

function readImports(): Import[] {
  return globSync('**/*.ts', { cwd: root, exclude: (name) => name.endsWith('.test.ts') }).flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8')
    return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(([, specifier = '']) => ({
      from: file,
      to: normalize(join(dirname(file), specifier)),
    }))
  })
}

/** The folder or, at the top, the file that stands for a layer. */
const place = (path: string) => (path.split('/')[0] ?? '').replace(/\.ts$/, '')
const room = (path: string) => path.split('/')[1] ?? ''
const height = (path: string) => layers.findIndex((names) => names.includes(place(path)))

export function faultsOf(imports: Import[], arrows: { domains: Record<string, string[]>; platform: Record<string, string[]> }): string[] {
  return imports.flatMap(({ from, to }) => {
    const arrow = `${from} → ${to}`
    if (height(from) < 0) return [`${from} lies in no layer`]
    if (to.startsWith('..') || height(to) < 0) return [`${arrow}: leaves the source`]
    if (height(to) > height(from)) return [`${arrow}: points upwards`]
    if (place(from) !== place(to) || !(place(from) === 'domains' || place(from) === 'platform')) return []
    const allowed = arrows[place(from) as 'domains' | 'platform']
    if (!(room(from) in allowed)) return [`${from}: ${room(from)} is not in the table`]
    return room(from) === room(to) || allowed[room(from)]?.includes(room(to)) ? [] : [`${arrow}: not in the table`]
  })
}

export function circlesIn(arrows: Record<string, string[]>): string[] {
  const circles: string[] = []
  const walk = (name: string, path: string[]) => {
    if (path.includes(name)) return void circles.push([...path.slice(path.indexOf(name)), name].join(' → '))
    for (const next of arrows[name] ?? []) walk(next, [...path, name])
  }
  for (const name of Object.keys(arrows)) walk(name, [])
  return circles
}

describe('the direction of imports', () => {
  const tables = { domains, platform }

  it('points from the edges to the base, and only along the arrows of the table', () => {
    const imports = readImports()
    expect(imports.length).toBeGreaterThan(50)
    expect(faultsOf(imports, tables)).toEqual([])
  })

  it('has no circles', () => {
    expect([...circlesIn(domains), ...circlesIn(platform)]).toEqual([])
  })

  it('names no folder that is not there', () => {
    const folders = (inside: string) => globSync(`${inside}/*/`, { cwd: root }).map((folder) => relative(inside, folder).replace(/\/$/, ''))
    expect(Object.keys(platform).sort()).toEqual(folders('platform').sort())
    expect(Object.keys(domains).sort()).toEqual(folders('domains').sort())
  })

  it.each<[string, Import]>([
    ['points upwards', { from: 'base/errors.ts', to: 'platform/http/http.ts' }],
    ['not in the table', { from: 'platform/sealing/keyring.ts', to: 'platform/http/http.ts' }],
    ['lies in no layer', { from: 'helpers/things.ts', to: 'base/errors.ts' }],
    ['leaves the source', { from: 'main.ts', to: '../test/harness.ts' }],
  ])('refuses an import that %s', (fault, planted) => {
    expect(faultsOf([planted], tables).join()).toContain(fault)
  })

  it('refuses a circle', () => {
    expect(circlesIn({ chats: ['gateway'], gateway: ['chats'] })).not.toEqual([])
  })

  it('lets only the configuration read the environment', () => {
    const readers = globSync('**/*.ts', { cwd: root }).filter(
      (file) => !file.endsWith('.test.ts') && /process\.env\b/.test(readFileSync(join(root, file), 'utf8')),
    )
    expect(readers).toEqual(['config.ts'])
  })

  /** Every named job is listed, so that nobody reaches past row level security unseen. */
  it('lists who works as the system', () => {
    const callers = globSync('**/*.ts', { cwd: root })
      .filter((file) => !file.endsWith('.test.ts'))
      .flatMap((file) =>
        [...readFileSync(join(root, file), 'utf8').matchAll(/\.system(?:Once)?\(\s*'([^']+)'/g)].map(([, job]) => `${file}: ${job}`),
      )
    expect([...new Set(callers)].sort()).toEqual([
      'cli/quotas.ts: keyloft quotas',
      'cli/seed.ts: seed',
      'cli/users.ts: keyloft users',
      'domains/identity/admin-routes.ts: decide of a person',
      'domains/identity/move-account.ts: move an account',
      'domains/identity/move-account.ts: read the secrets of a move',
      'domains/identity/oauth-tokens.ts: keep OAuth tokens',
      'domains/identity/oauth-tokens.ts: read OAuth tokens',
      'domains/identity/people-figures.ts: count people',
      'domains/identity/signing-keys.ts: keep a signing key',
      'domains/identity/signing-keys.ts: read signing keys',
      'domains/ledger/jobs.ts: make usage partitions',
      'domains/ledger/jobs.ts: post what was noted',
      'domains/ledger/jobs.ts: sweep calls',
      'domains/ledger/ledger.ts: note ends',
      'domains/ledger/ledger.ts: open calls',
      'domains/ledger/ledger.ts: post ends',
      'domains/ledger/ledger.ts: renew leases',
      'domains/ledger/ledger.ts: return places',
      'domains/ledger/ledger.ts: see what may return',
      'domains/models/load-models.ts: import models',
      'domains/models/load-models.ts: load shipped models',
      'domains/operator/alerts.ts: figures for an admin',
      'domains/operator/audit.ts: audit for an admin',
      'domains/operator/database-figures.ts: figures for an admin',
      'domains/provider-objects/provider-objects.ts: find a provider’s object',
      'domains/provider-objects/provider-objects.ts: forget old objects of providers',
      'domains/provider-objects/provider-objects.ts: remember a provider’s object',
      'domains/quotas/operator-routes.ts: list quotas',
      'domains/quotas/operator-routes.ts: remove a quota',
      'domains/quotas/operator-routes.ts: set a quota',
      'domains/quotas/person-routes.ts: begin the window of a limit',
      'domains/quotas/person-routes.ts: look up a tier',
      'domains/quotas/platform-routes.ts: limit the platform',
      'domains/quotas/platform-routes.ts: list the limits of the platform',
      'domains/quotas/platform-routes.ts: list tiers',
      'domains/quotas/platform-routes.ts: set a tier',
      'domains/resolver/catalogue.ts: look up the catalogue',
      'domains/resolver/person.ts: look up a person’s keys',
      'domains/resolver/uses.ts: count the uses of keys',
      'domains/settings/erase-accounts.ts: erase accounts',
      'domains/settings/profile-routes.ts: deactivate an account',
      'domains/settings/settings-routes.ts: grant a setting',
      'domains/tokens/lend-token.ts: lend a token',
      'domains/tokens/routes.ts: revoke a presented token',
      'domains/tokens/tokens.ts: check API tokens',
      'domains/tokens/tokens.ts: note the use of tokens',
      'domains/usage/jobs.ts: drop old months of usage',
      'domains/usage/reconcile.ts: reconcile with an invoice',
      'domains/usage/record-usage.ts: read a recorded call',
      'domains/usage/rerate.ts: rerate calls',
      'domains/vault/backend.ts: check_byok_vault_health',
      'domains/vault/backend.ts: delete_user_api_key',
      'domains/vault/backend.ts: delete_user_gateway_config',
      'domains/vault/backend.ts: get_user_allow_gateway_fallback',
      'domains/vault/backend.ts: get_user_api_key',
      'domains/vault/backend.ts: get_user_gateway_base_url',
      'domains/vault/backend.ts: insert_user_api_key',
      'domains/vault/backend.ts: read a gateway',
      'domains/vault/backend.ts: touch_user_api_key',
      'domains/vault/backend.ts: upsert_user_gateway_config',
      'domains/vault/gateway.ts: delete a gateway',
      'domains/vault/gateway.ts: set a gateway',
      'domains/vault/keys.ts: change a provider key',
      'domains/vault/keys.ts: delete a provider key',
      'domains/vault/keys.ts: keep a provider key',
      'domains/vault/keys.ts: read a gateway',
      'domains/vault/keys.ts: verify a provider key',
      'platform/database/database.ts: readiness',
      'platform/http/forget-old-requests.ts: forget old requests',
      'platform/http/idempotency.ts: idempotency',
      'platform/http/rate-limit.ts: rate-limit',
      'platform/secrets/data-keys.ts: add a data key',
      'platform/secrets/data-keys.ts: read data keys',
      'platform/secrets/secrets.ts: installation keys',
    ])
  })
})
