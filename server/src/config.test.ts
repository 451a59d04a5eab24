import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Config, ConfigError, readConfig } from './config.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keyloft-config-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
const read = (env: NodeJS.ProcessEnv = {}, needsRootKeys = true): Config => readConfig(folder, { needsRootKeys }, env)

function faultsOf(env: NodeJS.ProcessEnv = {}, needsRootKeys = true): readonly string[] {
  try {
    read(env, needsRootKeys)
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
    throw error
  }
  return []
}

const newKey = (version = 'v1') => `${version}:${randomBytes(32).toString('base64')}`
const ownUrl = 'postgresql://postgres:pa55word@db.example.com:5432/app'
const loginUrl = (name: string) => `postgresql://${name}:pa55word@db.example.com:5432/app`
const logins = {
  DATABASE_USER_URL: loginUrl('keyloft_user'),
  DATABASE_SERVICE_URL: loginUrl('keyloft_service'),
  DATABASE_AUTH_URL: loginUrl('keyloft_auth'),
}

describe('without any setting', () => {
  it('listens on this machine alone and brings its own database, which keeps its own keys', () => {
    expect(read()).toEqual({
      http: { host: '127.0.0.1', port: 8787, publicUrl: undefined, corsOrigins: [] },
      mockProvider: false,
      servesUnaccounted: false,
      callBounds: [],
      maxMessagesPerDay: 20,
      auth: { jwtSecret: undefined, externalIssuer: undefined, signInWith: {} },
      providers: { baseUrls: {}, added: {} },
      legacyKeys: { hex: [], secrets: [] },
      resolver: { order: ['user-gateway', 'user-key', 'server-key', 'team-gateway'], serverKeys: {} },
      egress: { allow: { plainHttp: false } },
      tracing: undefined,
      eraseAfterDays: 30,
      keepUsageMonths: undefined,
      mail: undefined,
      logLevel: 'info',
      dataDir: { path: join(folder, '.keyloft'), isDefault: true },
      database: { kind: 'embedded' },
      keyring: undefined,
      poolSize: 10,
      worksOnJobs: true,
    })
  })

  it('cannot be changed afterwards, at any depth', () => {
    const config = read()
    for (const part of [config, config.http, config.http.corsOrigins, config.auth, config.dataDir, config.database])
      expect(Object.isFrozen(part)).toBe(true)
  })
})

describe('where values come from', () => {
  it('takes .env, over it .env.local, over both the environment', () => {
    write('.env', 'PORT=1001\nHOST=10.0.0.1\nLOG_LEVEL=warn')
    write('.env.local', 'PORT=1002\nHOST=10.0.0.2')
    expect(read({ PORT: '1003' })).toMatchObject({ http: { port: 1003, host: '10.0.0.2' }, logLevel: 'warn' })
  })

  it('counts an empty value as absent, so that it hides nothing', () => {
    write('.env', 'PORT=1001\nLOG_LEVEL=')
    write('.env.local', 'PORT=\nDATABASE_URL=""')
    expect(read({ PORT: '  ', DATABASE_URL: '' })).toMatchObject({ http: { port: 1001 }, logLevel: 'info', database: { kind: 'embedded' } })
  })

  it('takes relative paths from the folder of the files, wherever it was started', () => {
    write('root-keys', newKey())
    const config = read({ KEYLOFT_DATA_DIR: 'data', KEYLOFT_ROOT_KEYS_FILE: 'root-keys' })
    expect(config.dataDir).toEqual({ path: join(folder, 'data'), isDefault: false })
    expect(config.keyring).toHaveLength(1)
  })
})

describe('providers', () => {
  it('are called where the operator says, and some are added', () => {
    const { providers } = read({
      OPENAI_BASE_URL: 'https://EU.api.openai.com/v1/',
      GEMINI_BASE_URL: 'http://127.0.0.1:9000',
      KEYLOFT_PROVIDERS: 'groq=https://api.groq.com/openai/v1, local=http://llm.internal:8000/v1',
    })
    expect(providers).toEqual({
      baseUrls: { openai: 'https://eu.api.openai.com/v1', google: 'http://127.0.0.1:9000' },
      added: { groq: 'https://api.groq.com/openai/v1', local: 'http://llm.internal:8000/v1' },
    })
  })

  it.each([
    'openai=https://example.com',
    'Groq=https://example.com',
    'a=https://example.com,a=https://example.org',
    'groq',
    'groq=ftp://example.com',
  ])('are refused as %s', (text) =>
    expect(faultsOf({ KEYLOFT_PROVIDERS: text })).toEqual([expect.stringContaining('KEYLOFT_PROVIDERS is not a list')]),
  )
})

describe('the mock provider', () => {
  it('is there when it is wanted, and only beside the embedded database', () => {
    expect(read({}).mockProvider).toBe(false)
    expect(read({ KEYLOFT_MOCK_PROVIDER: '1' }).mockProvider).toBe(true)
    const external = { DATABASE_URL: 'postgresql://postgres@db.example.com/app', KEYLOFT_ROOT_KEYS: newKey() }
    expect(faultsOf({ ...external, KEYLOFT_MOCK_PROVIDER: '1' })).toEqual([
      expect.stringContaining('KEYLOFT_MOCK_PROVIDER=1 is for trying'),
    ])
  })
})

describe('keys of the operator', () => {
  const canary = 'sk-canary-of-the-operator'
  it('are read by the names that official SDKs read, and shown to nobody', () => {
    const config = read({ OPENAI_API_KEY: canary, GEMINI_API_KEY: `${canary}-2`, AI_GATEWAY_API_KEY: `${canary}-3`, XAI_API_KEY: '' })
    const { serverKeys } = config.resolver
    expect(Object.entries(serverKeys).map(([id, key]) => [id, key.reveal()])).toEqual([
      ['openai', canary],
      ['google', `${canary}-2`],
      ['gateway', `${canary}-3`],
    ])
    for (const shown of [JSON.stringify(config), inspect(config, { depth: 9, showHidden: true })]) expect(shown).not.toContain('canary')
  })

  it.each(['canary', 'canary with blanks', 'canary\nx-header: 1', 'канарейка-canary', 'canary'.repeat(400)])(
    'are refused where they could not be sent, and not repeated: %j',
    (text) => {
      const faults = faultsOf({ ANTHROPIC_API_KEY: text })
      expect(faults).toEqual([expect.stringMatching(/^ANTHROPIC_API_KEY is not a key of .* Example: ANTHROPIC_API_KEY=sk-ant-…$/)])
      expect(faults.join()).not.toContain('canary')
    },
  )

  it('are tried in the order that the operator says, and not at all where it leaves them out', () => {
    expect(read({ KEYLOFT_RESOLVE_ORDER: 'user-key, team-gateway' }).resolver.order).toEqual(['user-key', 'team-gateway'])
  })

  it.each(['user-key,user-key', 'user-key,anything', 'user-key,', 'toString'])('are tried in no order such as %j', (text) => {
    expect(faultsOf({ KEYLOFT_RESOLVE_ORDER: text })).toEqual([
      'KEYLOFT_RESOLVE_ORDER is not a list of user-gateway, user-key, server-key, team-gateway, each at most once. Example: KEYLOFT_RESOLVE_ORDER=user-gateway,user-key,server-key,team-gateway',
    ])
  })
})

describe('bounds of calls', () => {
  it('are read with names of models that hold slashes, colons and equals signs', () => {
    expect(read({ KEYLOFT_CALL_BOUNDS: 'gateway/openai/*=200000:2.50, openai/ft:gpt=4o:me=9000:0' }).callBounds).toEqual([
      { provider: 'gateway', model: 'openai/*', tokens: 200_000, costUsd: '2.50' },
      { provider: 'openai', model: 'ft:gpt=4o:me', tokens: 9_000, costUsd: '0' },
    ])
  })

  it.each(['openai=1:1', 'openai/x=1', 'openai/x=1:-1', 'openai/x=1:1,', 'OpenAI/x=1:1', 'openai/x=1.5:1'])(
    'are not read from %j',
    (text) => {
      expect(faultsOf({ KEYLOFT_CALL_BOUNDS: text })).toEqual([
        expect.stringContaining('KEYLOFT_CALL_BOUNDS is not a list of provider/model=tokens:usd'),
      ])
    },
  )
})

describe('faults', () => {
  it('are named all at once, each with its variable, what was wrong and an example', () => {
    write('.env', 'LOG_LEVEL=loud\nthis line is broken')
    write('.env.local', 'DATABASE_POOL_SIZE=0')
    const faults = faultsOf({
      PORT: '70000',
      HOST: 'a b',
      KEYLOFT_MIGRATE: 'yes',
      DATABASE_URL: 'mysql://db.example.com/app',
      DATABASE_DIRECT_URL: 'postgres://db.example.com',
      KEYLOFT_ROOT_KEYS: 'v1:c2hvcnQ=',
      PUBLIC_URL: 'http://api.example.com',
      CORS_ORIGINS: '*',
      TRUST_PROXY: 'everybody',
      JWT_SECRET: 'super-secret-jwt-token-with-at-least-32-characters-long',
      AUTH_JWKS_URL: 'http://id.example.com/keys',
      AUTH_ISSUER: 'an issuer',
      AUTH_AUDIENCE: ' two words ',
      KEYLOFT_EGRESS_ALLOW_PORTS: '443,0',
      KEYLOFT_EGRESS_ALLOW_HTTP: 'yes',
      KEYLOFT_EGRESS_ALLOW_NETWORKS: '10.0.0.0',
      KEYLOFT_EGRESS_ALLOW_NAMES: 'https://llm.internal',
      KEYLOFT_EGRESS_CA_FILE: 'none.pem',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317',
      OPENAI_BASE_URL: 'https://user:pw@api.openai.com/v1',
      AI_GATEWAY_URL: 'ws://gateway.example.com',
      KEYLOFT_PROVIDERS: 'groq=https://api.groq.com/openai/v1,gemini=https://taken.example.com',
    })
    const wanted = [
      'line 2 of .env is not',
      'LOG_LEVEL',
      'TRUST_PROXY',
      'DATABASE_POOL_SIZE',
      'PORT',
      'HOST',
      'KEYLOFT_MIGRATE',
      'DATABASE_URL',
    ]
    const ofIdentity = ['PUBLIC_URL', 'CORS_ORIGINS', 'JWT_SECRET', 'AUTH_JWKS_URL', 'AUTH_ISSUER', 'AUTH_AUDIENCE']
    const ofEgress = ['PORTS', 'HTTP', 'NETWORKS', 'NAMES'].map((name) => `KEYLOFT_EGRESS_ALLOW_${name}`)
    const others = ['DATABASE_DIRECT_URL', 'KEYLOFT_ROOT_KEYS', 'KEYLOFT_EGRESS_CA_FILE', 'OTEL_EXPORTER_OTLP_ENDPOINT']
    const ofProviders = ['OPENAI_BASE_URL', 'AI_GATEWAY_URL', 'KEYLOFT_PROVIDERS']
    for (const start of [...wanted, ...others, ...ofIdentity, ...ofEgress, ...ofProviders]) {
      const matching = faults.filter((fault) => fault.startsWith(`${start} `))
      expect(matching, start).toHaveLength(1)
      if (!start.startsWith('line')) expect(matching[0]).toMatch(new RegExp(`Example: ${start}=\\S`))
    }
    expect(faults).toHaveLength(25)
  })

  it('are one readable message', () => {
    const faults = faultsOf({ PORT: 'x', HOST: '?' })
    const { message } = new ConfigError(faults)
    expect(message.split('\n')).toEqual(['Keyloft cannot start with this configuration:', ...faults.map((fault) => `  - ${fault}`)])
  })

  it('of an authority’s file say what is wrong with it, and nothing of what stands in it', () => {
    write('key.pem', '-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----')
    write('broken.pem', '-----BEGIN CERTIFICATE-----\nhunter2\n-----END CERTIFICATE-----')
    for (const [file, fault] of [
      ['none.pem', 'cannot be read (ENOENT)'],
      ['key.pem', 'without certificates'],
      ['broken.pem', 'without certificates'],
    ] as const) {
      const [said] = faultsOf({ KEYLOFT_EGRESS_CA_FILE: file })
      expect(said).toContain(fault)
      expect(said).not.toContain('hunter2')
    }
  })

  it('of the embedded database name KEYLOFT_MIGRATE too', () => {
    expect(faultsOf({ KEYLOFT_MIGRATE: 'yes' })).toEqual(['KEYLOFT_MIGRATE is not 0 or 1. Example: KEYLOFT_MIGRATE=1'])
  })

  it.each(['-1', '65536', '1e3', '80 ', '0x50', '1234567890', '８０'])('refuses the port %j', (PORT) => {
    expect(faultsOf({ PORT })).toHaveLength(1)
  })

  it.each([
    'db.example.com/app',
    'https://db.example.com/app',
    'postgresql:///app',
    'postgresql://db.example.com',
    'postgresql://db.example.com/',
    'postgresql://user:pa#ss@db.example.com/app',
    'postgresql://user:secret@db.example.com:99999/app',
    'postgresql://us%er:secret@db.example.com/app',
    'postgresql://user:secret@db.example.com/a%pp',
  ])('refuses the database address %s', (DATABASE_URL) => {
    const faults = faultsOf({ DATABASE_URL }, false)
    expect(faults).toHaveLength(1)
    expect(faults[0]).toMatch(/^DATABASE_URL is not a PostgreSQL address.* Example: DATABASE_URL=postgresql:\/\//)
  })

  it.each(['postgres://app@db/app', 'postgresql://u:p%40ss@[::1]:6000/app?sslmode=require', 'postgresql://u:100%@db/app'])(
    'accepts the database address %s as it is',
    (DATABASE_URL) => expect(read({ DATABASE_URL }, false).database).toMatchObject({ kind: 'external', ownerUrl: DATABASE_URL }),
  )

  it('never repeat a secret', () => {
    const secret = 'hunter2-hunter2'
    const key = randomBytes(31).toString('base64')
    write('.env', `DATABASE_USER_URL=mysql://u:${secret}@db/app\n${secret} without a name\nA="${secret}" ${secret}\nQ='${secret}`)
    const faults = faultsOf({
      DATABASE_URL: `postgresql://u:${secret}@:5432/app`,
      POSTGRES_URL: `postgresql://u:${secret}@other/app`,
      DATABASE_DIRECT_URL: `postgresql://u:${secret}#@db/app`,
      DATABASE_SERVICE_URL: secret,
      DATABASE_POOL_SIZE: secret,
      LOG_LEVEL: secret,
      KEYLOFT_ROOT_KEYS: `v1:${key}`,
      JWT_SECRET: secret,
      PUBLIC_URL: `https://u:${secret}@api.example.com`,
      CORS_ORIGINS: `https://u:${secret}@app.example.com`,
      AUTH_JWKS_URL: `https://u:${secret}@id.example.com`,
    })
    expect(faults.length).toBeGreaterThanOrEqual(14)
    const text = new ConfigError(faults).message
    for (const hidden of [secret, key, key.slice(0, 12)]) expect(text).not.toContain(hidden)
  })
})

describe('the database address', () => {
  it('may be called POSTGRES_URL', () => {
    expect(read({ POSTGRES_URL: ownUrl }, false).database).toMatchObject({ kind: 'external', ownerUrl: ownUrl, migrateAtStart: false })
  })

  it('may have both names where they agree, and not where they differ', () => {
    expect(faultsOf({ POSTGRES_URL: ownUrl, DATABASE_URL: ownUrl }, false)).toEqual([])
    const faults = faultsOf({ POSTGRES_URL: ownUrl, DATABASE_URL: `${ownUrl}2` }, false)
    expect(faults).toEqual([expect.stringMatching(/^DATABASE_URL and POSTGRES_URL name two different databases.*Example: DATABASE_URL=/)])
  })

  it('is faulted under the name it was given', () => {
    expect(faultsOf({ POSTGRES_URL: 'nonsense' }, false)).toEqual([expect.stringMatching(/^POSTGRES_URL is not .* Example: POSTGRES_URL=/)])
  })

  it('is needed where a direct one is given', () => {
    expect(faultsOf({ DATABASE_DIRECT_URL: ownUrl })).toEqual([
      expect.stringMatching(/^DATABASE_DIRECT_URL is set without DATABASE_URL.*Example/),
    ])
  })
})

describe('the three logins', () => {
  it('are taken together, without the owner', () => {
    expect(read(logins, false).database).toEqual({
      kind: 'external',
      ownerUrl: undefined,
      directUrl: undefined,
      loginUrls: {
        keyloft_user: logins.DATABASE_USER_URL,
        keyloft_service: logins.DATABASE_SERVICE_URL,
        keyloft_auth: logins.DATABASE_AUTH_URL,
      },
      migrateAtStart: false,
    })
  })

  it('are refused by halves, and the absent ones are named', () => {
    const { DATABASE_AUTH_URL: _, ...two } = logins
    expect(faultsOf(two, false)).toEqual([expect.stringMatching(/^DATABASE_AUTH_URL must be set too.*Example: DATABASE_AUTH_URL=/)])
    const faults = faultsOf({ DATABASE_USER_URL: logins.DATABASE_USER_URL, DATABASE_URL: ownUrl }, false)
    expect(faults).toEqual([expect.stringMatching(/^DATABASE_SERVICE_URL and DATABASE_AUTH_URL must be set too/)])
  })

  it('that are all there but one is broken give that one fault alone', () => {
    expect(faultsOf({ ...logins, DATABASE_AUTH_URL: 'nonsense' }, false)).toEqual([expect.stringMatching(/^DATABASE_AUTH_URL is not/)])
  })

  it('cannot migrate', () => {
    expect(faultsOf({ ...logins, KEYLOFT_MIGRATE: '1' }, false)).toEqual([expect.stringMatching(/^KEYLOFT_MIGRATE=1 needs.*Example/)])
    expect(read({ ...logins, DATABASE_URL: ownUrl, KEYLOFT_MIGRATE: '1' }, false).database).toMatchObject({ migrateAtStart: true })
  })
})

describe('KEYLOFT_WORKER', () => {
  it('leaves the jobs to other processes when it is 0', () => {
    expect(read({ KEYLOFT_WORKER: '0' }).worksOnJobs).toBe(false)
    expect(read({ KEYLOFT_WORKER: '1' }).worksOnJobs).toBe(true)
    expect(faultsOf({ KEYLOFT_WORKER: 'no' })).toEqual(['KEYLOFT_WORKER is not 0 or 1. Example: KEYLOFT_WORKER=0'])
  })
})

describe('root keys', () => {
  const missing = /^KEYLOFT_ROOT_KEYS is missing.*Example: KEYLOFT_ROOT_KEYS=v1:/

  it('are required with a database of one’s own, and only by commands that open or seal', () => {
    expect(faultsOf({ DATABASE_URL: ownUrl })).toEqual([expect.stringMatching(missing)])
    expect(faultsOf({ POSTGRES_URL: ownUrl })).toEqual([expect.stringMatching(missing)])
    expect(faultsOf(logins)).toEqual([expect.stringMatching(missing)])
    expect(faultsOf({ DATABASE_URL: ownUrl }, false)).toEqual([])
    expect(faultsOf()).toEqual([])
  })

  it('are read newest first', () => {
    const { keyring } = read({ KEYLOFT_ROOT_KEYS: `${newKey('v2')},${newKey('v1')}` })
    expect(keyring?.map(({ version }) => version)).toEqual(['v2', 'v1'])
  })

  it('may lie in a file, whose final line break does not count', () => {
    write('root-keys', `${newKey('v3')}\n`)
    expect(read({ KEYLOFT_ROOT_KEYS_FILE: join(folder, 'root-keys') }).keyring?.[0]?.version).toBe('v3')
  })

  it('in a file that is absent, a folder or empty are a fault that says so', () => {
    mkdirSync(join(folder, 'sub'))
    write('empty', '')
    for (const [file, fault] of [
      ['absent', /cannot be read \(ENOENT\)/],
      ['sub', /cannot be read \(EISDIR\)/],
      ['empty', /not of the form v1:base64/],
    ] as const) {
      const faults = faultsOf({ KEYLOFT_ROOT_KEYS_FILE: join(folder, file), DATABASE_URL: ownUrl })
      expect(faults).toEqual([expect.stringMatching(fault)])
      expect(faults[0]).toMatch(/^KEYLOFT_ROOT_KEYS_FILE .*Example: /)
    }
  })

  it('are refused in two places', () => {
    write('root-keys', newKey())
    expect(faultsOf({ KEYLOFT_ROOT_KEYS: newKey(), KEYLOFT_ROOT_KEYS_FILE: 'root-keys' })).toEqual([
      expect.stringMatching(/both set.*Example/),
    ])
  })

  it.each([
    ['typed words', Buffer.from('correct horse battery staple 1234')],
    ['32 typed words', Buffer.from('correct horse battery staple 123')],
    ['zeroes', Buffer.alloc(32)],
    ['too few bytes', randomBytes(16)],
    ['too many bytes', randomBytes(33)],
  ])('that are weak (%s) are refused even where none are required', (_, bytes) => {
    const text = bytes.toString('base64')
    const faults = faultsOf({ KEYLOFT_ROOT_KEYS: `v1:${text}` })
    expect(faults).toEqual([expect.stringMatching(/^KEYLOFT_ROOT_KEYS has a key .*version v1.*Example/)])
    expect(faults[0]).not.toContain(text)
  })
})

describe('addresses of this server and of pages that may call it', () => {
  it('are kept as browsers write origins', () => {
    const { http } = read({
      PUBLIC_URL: 'https://API.example.com:443/',
      CORS_ORIGINS: ' https://app.example.com , http://localhost:3000,https://app.example.com/',
    })
    expect(http.publicUrl).toBe('https://api.example.com')
    expect(http.corsOrigins).toEqual(['https://app.example.com', 'http://localhost:3000'])
  })

  it.each(['http://localhost:8787', 'http://127.0.0.1:8787', 'http://[::1]:8787', 'http://app.localhost'])(
    'may go without TLS at %s',
    (PUBLIC_URL) => expect(read({ PUBLIC_URL }).http.publicUrl).toBe(PUBLIC_URL),
  )

  it.each([
    'http://api.example.com',
    'http://localhost.example.com',
    'https://api.example.com/base',
    'https://api.example.com?x',
    'ftp://localhost',
    'api.example.com',
    'null',
  ])('are refused as %s', (address) => {
    expect(faultsOf({ PUBLIC_URL: address })).toEqual([expect.stringMatching(/^PUBLIC_URL is not .*Example: PUBLIC_URL=https:/)])
    expect(faultsOf({ CORS_ORIGINS: `https://app.example.com,${address}` })).toEqual([
      expect.stringMatching(/^CORS_ORIGINS is not .*Example/),
    ])
  })
})

describe('an issuer of tokens beside ours', () => {
  const issuer = { AUTH_JWKS_URL: 'https://id.example.com/keys', AUTH_ISSUER: 'https://id.example.com/', AUTH_AUDIENCE: 'our-app' }

  it('is trusted by address, name and audience together', () => {
    expect(read(issuer).auth.externalIssuer).toEqual({
      jwksUrl: 'https://id.example.com/keys',
      issuer: 'https://id.example.com/',
      audience: 'our-app',
    })
  })

  it.each(Object.keys(issuer))('is refused without %s', (name) => {
    expect(faultsOf({ ...issuer, [name]: '' })).toEqual([expect.stringMatching(new RegExp(`^${name} must be set too.*Example: ${name}=`))])
  })

  it('cannot be this server itself', () => {
    const faults = faultsOf({ ...issuer, AUTH_ISSUER: 'https://api.example.com', PUBLIC_URL: 'https://api.example.com' })
    expect(faults).toEqual([expect.stringMatching(/^AUTH_ISSUER is this server itself.*Example/)])
  })
})

describe('JWT_SECRET', () => {
  it('is taken as it stands, and refused when it is known or short', () => {
    const JWT_SECRET = randomBytes(48).toString('base64')
    expect(read({ JWT_SECRET }).auth.jwtSecret).toBe(JWT_SECRET)
    for (const weak of ['your-super-secret-jwt-token-with-at-least-32-characters-long', randomBytes(12).toString('base64')]) {
      const faults = faultsOf({ JWT_SECRET: weak })
      expect(faults).toEqual([expect.stringMatching(/^JWT_SECRET is not a random secret.*Example: JWT_SECRET=\$\(openssl/)])
      expect(faults[0]).not.toContain(weak)
    }
  })
})

describe('who receives traces', () => {
  const tracingOf = (env: Record<string, string>) => read(env).tracing

  it('is nobody without an endpoint, whatever else is set', () => {
    expect(tracingOf({ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_HEADERS: '?', OTEL_SERVICE_NAME: 'a b' })).toBeUndefined()
  })

  it('is a path below the endpoint, or the endpoint for traces as it stands', () => {
    const OTEL_EXPORTER_OTLP_ENDPOINT = 'http://collector:4318/otel/'
    expect(tracingOf({ OTEL_EXPORTER_OTLP_ENDPOINT })).toEqual({
      url: 'http://collector:4318/otel/v1/traces',
      format: 'protobuf',
      headers: {},
      serviceName: 'keyloft',
    })
    const own = { OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://otlp.example.com/t?x=1' }
    expect(tracingOf(own)?.url).toBe('https://otlp.example.com/t?x=1')
  })

  it('gets the headers, those for traces before the others', () => {
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://otlp.example.com',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic%20YTpi%3D, X-Team=ours',
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'x-team=theirs',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    }
    expect(tracingOf(env)).toMatchObject({ format: 'json', headers: { authorization: 'Basic YTpi=', 'x-team': 'theirs' } })
  })

  it('is a fault where it cannot be right, without its secrets', () => {
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://otlp.example.com',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization: Bearer hunter2',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    }
    const faults = faultsOf(env)
    expect(faults.map((fault) => fault.split(' ')[0])).toEqual(['OTEL_EXPORTER_OTLP_PROTOCOL', 'OTEL_EXPORTER_OTLP_HEADERS'])
    expect(faults.join()).not.toContain('hunter2')
    for (const OTEL_EXPORTER_OTLP_HEADERS of ['a=%0d%0ab', 'a=%ff', 'a=b,', '=b', 'a b=c'])
      expect(faultsOf({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector', OTEL_EXPORTER_OTLP_HEADERS })).toHaveLength(1)
    expect(faultsOf({ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://ada:hunter2@otlp.example.com' })).toHaveLength(1)
  })
})

describe('accounts elsewhere that sign people in', () => {
  const oidc = { OIDC_ISSUER: 'https://id.example.com', OIDC_CLIENT_ID: 'keyloft', OIDC_CLIENT_SECRET: 'a-secret' }

  it.each(['GITHUB', 'GOOGLE', 'VERCEL'])('are %s’s by a client id and its secret, and neither alone', (name) => {
    const [id, secret] = [`${name}_CLIENT_ID`, `${name}_CLIENT_SECRET`]
    const given = { [id]: 'id', [secret]: 'secret' }
    expect(read(given).auth.signInWith).toMatchObject({ [name.toLowerCase()]: { clientId: 'id', clientSecret: 'secret' } })
    for (const absent of [id, secret]) {
      expect(faultsOf({ ...given, [absent]: '' })).toEqual([
        expect.stringMatching(new RegExp(`^${absent} must be set too.*Example: ${absent}=`)),
      ])
    }
  })

  it('are an OpenID provider’s of one’s own by issuer, client id and secret, with a name to show', () => {
    expect(read(oidc).auth.signInWith.oidc).toEqual({
      issuer: 'https://id.example.com',
      clientId: 'keyloft',
      clientSecret: 'a-secret',
      name: 'OpenID Connect',
    })
    expect(read({ ...oidc, OIDC_NAME: 'Example ID' }).auth.signInWith.oidc?.name).toBe('Example ID')
    for (const absent of Object.keys(oidc)) expect(faultsOf({ ...oidc, [absent]: '' })[0]).toMatch(new RegExp(`^${absent} must be set too`))
  })

  it.each(['http://id.example.com', 'https://id.example.com/?tenant=1', 'id.example.com'])('are not those of %s', (OIDC_ISSUER) => {
    expect(faultsOf({ ...oidc, OIDC_ISSUER })).toEqual([expect.stringMatching(/^OIDC_ISSUER is not an https address.*Example/)])
  })

  it('are nobody’s when nothing is set', () => {
    expect(Object.values(read({}).auth.signInWith).every((one) => one === undefined)).toBe(true)
  })
})
