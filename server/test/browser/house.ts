import { type AddressInfo, createServer } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll } from 'vitest'
import { loadShippedModels } from '../../src/domains/models/models.ts'
import { usualOrder } from '../../src/domains/resolver/sources.ts'
import { createTestApp, type TestApp } from '../app.ts'
import { jwtSecret } from '../identity.ts'
import { launchChromium } from './chromium.ts'

/** A whole server that listens, with the mock provider switched on, and a browser before it. */
export interface House {
  url: string
  test: TestApp
  /** The one that listens; `test.app` is another on the same database. */
  app: FastifyInstance
  browser: Browser
  /** Somebody’s browser: cookies and storage of their own, gone when the file ends. What goes wrong in it is kept in `faults`. */
  visitor(options?: VisitorOptions): Promise<Visitor>
}

interface VisitorOptions {
  colorScheme?: 'light' | 'dark'
  viewport?: { width: number; height: number }
}

interface Visitor {
  context: BrowserContext
  page: Page
  /** Unhandled errors, refused by the policy, requests to other hosts. */
  faults: string[]
}

const usualViewport = { width: 1280, height: 860 }
export const narrowViewport = { width: 360, height: 740 }
const longestWaitMs = 20_000

export async function createHouse(): Promise<House> {
  const test = await createTestApp()
  await loadShippedModels(test.database)
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const app = await test.anotherApp({
    url,
    config: {
      http: { host: '127.0.0.1', port, publicUrl: url, corsOrigins: [], trustedProxies: undefined },
      auth: { jwtSecret, externalIssuer: undefined, signInWith: {} },
      providers: { baseUrls: {}, added: {} },
      mockProvider: true,
      servesUnaccounted: false,
      eraseAfterDays: 30,
      mail: undefined,
      resolver: { order: usualOrder, serverKeys: {} },
    },
  })
  await app.listen({ host: '127.0.0.1', port })
  const browser = await launchChromium()
  afterAll(() => browser.close())

  return {
    url,
    test,
    app,
    browser,
    async visitor({ colorScheme = 'light', viewport = usualViewport } = {}) {
      const context = await browser.newContext({ baseURL: url, colorScheme, viewport, locale: 'en-GB', timezoneId: 'Europe/Berlin' })
      context.setDefaultTimeout(longestWaitMs)
      const page = await context.newPage()
      return { context, page, faults: watch(page, url) }
    },
  }
}

function watch(page: Page, url: string): string[] {
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(`unhandled: ${error.message}`))
  page.on('console', (message) => {
    if (/Content Security Policy|Unhandled|Warning:/i.test(message.text())) faults.push(message.text())
  })
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !/^(data|blob):/.test(request.url())) faults.push(`asks elsewhere: ${request.url()}`)
  })
  return faults
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
