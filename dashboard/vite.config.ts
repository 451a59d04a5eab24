import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Into the server’s package, which serves it (server/src/dashboard.ts). */
export default defineConfig({
  root: here('.'),
  base: './', // below whatever path a proxy puts the server
  resolve: { alias: { '@keyloft/sdk': here('../sdk/src/sdk.ts') } },
  css: { modules: { generateScopedName: (name, file) => `${name}-${createHash('sha256').update(file).digest('hex').slice(0, 6)}` } },
  build: {
    outDir: here('../server/dist/dashboard'),
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0, // the policy of the pages takes nothing from data: addresses but pictures
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700, // raw; what counts is measured compressed, by server/test/browser
    rolldownOptions: {
      onLog: (level, log, handle) => {
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE') handle(level, log) // "use client" means nothing here
      },
    },
  },
  server: { proxy: Object.fromEntries(['/api', '/v1', '/docs', '/openapi.json'].map((path) => [path, 'http://127.0.0.1:8787'])) },
})
