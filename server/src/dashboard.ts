import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { mountLibrary } from './platform/http/define-route.ts'
import { httpErrors } from './platform/http/errors.ts'

/*
 * The built dashboard. Its files are known when the server starts, so no request leads to any other. Every address that
 * a browser opens and that nothing else answers is a page, and so is given index.html; what the page shows, it asks of
 * the API like any client.
 */

/** Where `npm run build` puts it, seen from the source and from the build alike. */
const built = join(import.meta.dirname, '../dist/dashboard')

/** Clients of an API are told of a slip in an address, never given a page. */
const ofTheApi = /^\/(api|v1|v1beta|rest|proxy|mock|realtime|docs|health|ready|metrics|openapi\.json)(\/|$)/

const types: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}
/** Names with a hash of the content, below assets/. */
const forEver = 'public, max-age=31536000, immutable'
const anHour = 'public, max-age=3600'

const compress = promisify(gzip)

interface File {
  type: string
  cacheControl: string
  read: () => Promise<Content>
}

interface Content {
  plain: Buffer
  gzipped: Buffer
}

/** Mounts nothing where the dashboard was not built: the API works without it. */
export async function mountDashboard(app: FastifyInstance, folder = built) {
  const page = join(folder, 'index.html')
  if (!existsSync(page)) return
  const html = readFileSync(page, 'utf8')
  const files = listFiles(folder)
  await mountLibrary(app, { allow: 'anyone', because: 'the pages hold nothing; what they show is asked of the API' }, async (scope) => {
    scope.get('/*', { schema: { hide: true } as object }, async (request, reply) => {
      const path = request.url.replace(/[?#].*$/, '')
      const file = files.get(path)
      if (file) return sendFile(file, request, reply)
      const wantsPage = request.headers.accept?.includes('text/html') && !ofTheApi.test(path) && extname(path) === ''
      if (!wantsPage) throw httpErrors.not_found()
      return sendPage(html, path, reply)
    })
  })
}

function listFiles(folder: string): ReadonlyMap<string, File> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => name.replaceAll(sep, '/'))
  return new Map(
    names.flatMap((name) => {
      const type = types[extname(name)]
      if (type === undefined) return []
      const file: File = { type, cacheControl: name.startsWith('assets/') ? forEver : anHour, read: remember(join(folder, name)) }
      return [[`/${name}`, file] as const]
    }),
  )
}

/** Read and compressed when first asked for. */
function remember(path: string): () => Promise<Content> {
  let content: Promise<Content> | undefined
  const read = async () => {
    const plain = await readFile(path)
    return { plain, gzipped: await compress(plain, { level: 9 }) }
  }
  return () => {
    content ??= read()
    content.catch(() => {
      content = undefined
    })
    return content
  }
}

async function sendFile({ type, cacheControl, read }: File, request: FastifyRequest, reply: FastifyReply) {
  const { plain, gzipped } = await read()
  const takesGzip = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))
  if (takesGzip) reply.header('content-encoding', 'gzip')
  return reply
    .header('cache-control', cacheControl)
    .header('vary', 'accept-encoding')
    .type(type)
    .send(takesGzip ? gzipped : plain)
}

/**
 * The base is how far up the start lies from this address, so that the pages work below any path that a proxy puts
 * before them. Styles need the nonce of this one reply; scripts are files of ours.
 */
function sendPage(html: string, path: string, reply: FastifyReply) {
  const nonce = randomBytes(18).toString('base64')
  const depth = path.split('/').length - 2
  const base = depth === 0 ? './' : '../'.repeat(depth)
  const text = html.replace('<base href="./" />', `<base href="${base}" />`).replaceAll('<script ', `<script nonce="${nonce}" `)
  return reply
    .header('cache-control', 'no-store')
    .header('content-security-policy', policyOf(nonce))
    .header('referrer-policy', 'same-origin')
    .type('text/html; charset=utf-8')
    .send(text)
}

const policyOf = (nonce: string) =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ')
