import { STATUS_CODES } from 'node:http'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { createJsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'
import type { ErrorMaker } from '../../base/errors.ts'
import { mountLibrary, producedTypes, takesIdempotencyKey } from './define-route.ts'
import type { Policy } from './policy.ts'

interface Document {
  paths?: Record<string, unknown>
  components?: { schemas?: Record<string, unknown>; securitySchemes?: Record<string, unknown> }
  tags?: unknown[]
  'x-keyloft-errors'?: unknown[]
}

/** The errors of a folder, by name. */
export type Catalogue = Readonly<Record<string, ErrorMaker>>

export interface ApiOptions {
  version: string
  publicUrl: string | undefined
  /** What a request may be refused with. */
  catalogues: readonly Catalogue[]
  /** Documents of libraries that mount routes of their own, and below which path. */
  otherDocuments?: readonly { prefix: string; read: () => Promise<unknown> }[]
}

const readable: Policy = { allow: 'anyone', because: 'the description of the API is public' }

/** Collects every route that is mounted after it. */
export async function describeApi(app: FastifyInstance, { version, publicUrl }: ApiOptions) {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Keyloft',
        version,
        description: 'The backend an AI app needs when its users bring their own keys.',
        license: { name: 'Apache-2.0' },
      },
      ...(publicUrl ? { servers: [{ url: publicUrl }] } : {}),
      components: {
        securitySchemes: { bearer: { type: 'http', scheme: 'bearer', description: 'A session token, a JWT or an API token.' } },
      },
    },
    transform: asAnswered(createJsonSchemaTransform({ skipList: ['/openapi.json', '/docs'] })),
    transformObject: jsonSchemaTransformObject,
  })
}

type Transform = ReturnType<typeof createJsonSchemaTransform>

/**
 * What schemas of values do not say: of which type each answer is, what its status is called, and the header that an
 * idempotent route honours. Described alone: the form of that one is checked where it is read.
 */
function asAnswered(transform: Transform): Transform {
  const headers = {
    type: 'object',
    properties: {
      'idempotency-key': { type: 'string', minLength: 1, maxLength: 255, description: 'Sent again with the same key, it is done once.' },
    },
  }
  return (data) => {
    const { schema, url } = transform(data)
    const { [takesIdempotencyKey]: takes, [producedTypes]: produced, response, ...described } = schema as Described
    const answers = response && {
      response: Object.fromEntries(Object.entries(response).map((answer) => [answer[0], describeAnswer(answer, produced)])),
    }
    return { schema: { ...described, ...answers, ...(takes ? { headers } : {}) }, url } as ReturnType<Transform>
  }
}

interface Described extends Record<string, unknown> {
  response?: Record<string, Answer>
  [producedTypes]?: readonly string[]
}

interface Answer {
  $ref?: string
  type?: string
  description?: string
}

function describeAnswer([status, answer]: [status: string, answer: Answer], produced: readonly string[] = ['application/json']) {
  const description = answer.description ?? STATUS_CODES[status] ?? status
  if (answer.type === 'null') return { ...answer, description }
  const refused = [answer.$ref?.endsWith('/Problem') ? 'application/problem+json' : 'application/json']
  const types = Number(status) < 300 ? produced : refused
  return { description, content: Object.fromEntries(types.map((type) => [type, { schema: answer }])) }
}

/** `/openapi.json`, whole, and `/docs`, a page to read it by. */
export async function mountReference(app: FastifyInstance, { catalogues, otherDocuments = [] }: ApiOptions) {
  let whole: Promise<Document> | undefined
  const build = async () => {
    let document: Document = { ...(app.swagger() as Document), 'x-keyloft-errors': describeErrors(catalogues) }
    for (const { prefix, read } of otherDocuments) document = mergeDocument(document, (await read()) as Document | undefined, prefix)
    return document
  }
  await mountLibrary(app, readable, async (scope) => {
    scope.get('/openapi.json', { schema: { hide: true } }, async () => {
      whole ??= build()
      whole.catch(() => {
        whole = undefined
      })
      return whole
    })
    await scope.register(swaggerUi, { routePrefix: '/docs', uiConfig: { url: '/openapi.json' }, logLevel: 'silent' })
  })
}

/** Every code with its status, sentence and hint, sorted by code. */
function describeErrors(catalogues: readonly Catalogue[]) {
  return catalogues
    .flatMap((catalogue) => Object.values(catalogue).map(({ code, entry }) => ({ code, ...entry })))
    .sort((a, b) => (a.code < b.code ? -1 : 1))
}

/** Another library's document under ours: its paths below `prefix`, its schemas under their own names. */
function mergeDocument(ours: Document, theirs: Document | undefined, prefix: string): Document {
  const paths = Object.fromEntries(Object.entries(theirs?.paths ?? {}).map(([path, item]) => [prefix + path, item]))
  return {
    ...ours,
    paths: { ...ours.paths, ...paths },
    components: {
      ...ours.components,
      schemas: { ...theirs?.components?.schemas, ...ours.components?.schemas },
      securitySchemes: { ...theirs?.components?.securitySchemes, ...ours.components?.securitySchemes },
    },
  }
}
