import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { binaries } from './server/test/cluster.ts'

/*
 * Four kinds of tests:
 *   *.test.ts           need no database
 *   *.db.test.ts        run against each PostgreSQL: 18 (brought along) and 15 (Debian's, or TEST_DATABASE_URL)
 *   *.process.test.ts   start whole processes with databases of their own
 *   *.browser.test.ts   walk through the built dashboard in a real Chromium
 * In each of them the guard fails a test whose code dials past platform/egress.
 */
const setupFiles = ['server/test/socket-guard.ts']
const onServer = (name: string) => ({
  test: {
    name,
    setupFiles,
    include: ['server/**/*.db.test.ts'],
    globalSetup: ['server/test/database-setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})

const hasFifteen = process.env.TEST_DATABASE_URL !== undefined || binaries['postgres-15']() !== undefined
if (!hasFifteen) console.warn('PostgreSQL 15 is not on this machine and TEST_DATABASE_URL is not set: the database tests run on 18 alone.')

export default defineConfig({
  test: {
    maxWorkers: Math.max(2, availableParallelism()),
    projects: [
      {
        test: {
          name: 'plain',
          setupFiles,
          include: ['{server,sdk,dashboard,bench,scripts}/**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/*.{db,process,browser}.test.ts'],
        },
      },
      onServer('postgres-18'),
      ...(hasFifteen ? [onServer('postgres-15')] : []),
      {
        test: {
          name: 'browser',
          setupFiles,
          include: ['server/test/browser/*.browser.test.ts'],
          globalSetup: ['server/test/build-setup.ts', 'server/test/database-setup.ts'],
          fileParallelism: false, // each has a browser, which takes what there is
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'processes',
          setupFiles,
          include: ['server/test/**/*.process.test.ts'],
          globalSetup: ['server/test/build-setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
