import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { AppError, defineErrors } from '../../base/errors.ts'
import { knowAsDatabase, sqlstateOf, translateAnyError, translateSqlError } from './sql-errors.ts'

function fromServer(sqlstate: string, message = 'the server’s own words') {
  return Object.assign(new pg.DatabaseError(message, 100, 'error'), {
    code: sqlstate,
    severity: 'ERROR',
    detail: 'Key (email)=(a@b) exists.',
  })
}
const fromSocket = (code: string, syscall: string) => Object.assign(new Error(`${syscall} ${code}`), { code, syscall })

describe('an error of the server', () => {
  it.each([
    ['42501', 'database.forbidden', 403],
    ['23505', 'database.conflict', 409],
    ['23502', 'database.invalid', 400],
    ['23503', 'database.invalid', 400],
    ['23514', 'database.invalid', 400],
    ['22P02', 'database.invalid', 400],
    ['22001', 'database.invalid', 400],
    ['40001', 'database.busy', 503],
    ['40P01', 'database.busy', 503],
    ['55P03', 'database.busy', 503],
    ['57014', 'database.busy', 503],
    ['25P03', 'database.busy', 503],
    ['57P01', 'database.unavailable', 503],
    ['57P03', 'database.unavailable', 503],
    ['53300', 'database.unavailable', 503],
    ['53100', 'database.unavailable', 503],
    ['28P01', 'database.unavailable', 503],
    ['3D000', 'database.unavailable', 503],
    ['08006', 'database.unavailable', 503],
    ['42P01', 'database.failed', 500],
    ['25006', 'database.failed', 500],
    ['25P02', 'database.failed', 500],
    ['P0001', 'database.failed', 500],
    ['XX000', 'database.failed', 500],
  ])('%s is %s', (sqlstate, code, status) => {
    const cause = fromServer(sqlstate)
    const error = translateSqlError(cause) as AppError
    expect(error).toBeInstanceOf(AppError)
    expect(error).toMatchObject({ code, status, cause, internal: `SQLSTATE ${sqlstate}` })
    expect(error.retryAfterSeconds).toBe(status === 503 ? 2 : undefined)
    expect(error.message + error.hint).not.toMatch(/own words|a@b/)
  })

  it('is judged by its code, though it quotes a value that reads like the driver’s own words', () => {
    for (const words of ['Connection terminated', 'not queryable', 'timeout exceeded when trying to connect']) {
      expect(translateSqlError(fromServer('22P02', `invalid input syntax for type uuid: "${words}"`))).toMatchObject({
        code: 'database.invalid',
      })
      expect(translateSqlError(fromServer('P0001', words))).toMatchObject({ code: 'database.failed' })
    }
  })
})

describe('a connection that fails', () => {
  it.each([
    fromSocket('ECONNREFUSED', 'connect'),
    fromSocket('ECONNRESET', 'read'),
    fromSocket('EPIPE', 'write'),
    fromSocket('ENOTFOUND', 'getaddrinfo'),
    fromSocket('EAI_AGAIN', 'getaddrinfo'),
    fromSocket('ENOENT', 'connect'),
    fromSocket('ETIMEDOUT', 'connect'),
    new AggregateError([fromSocket('ECONNREFUSED', 'connect'), fromSocket('ECONNREFUSED', 'connect')]),
    new Error('Connection terminated'),
    new Error('Connection terminated unexpectedly'),
    new Error('Connection terminated due to connection timeout', { cause: new Error('x') }),
    new Error('timeout exceeded when trying to connect'),
    new Error('timeout expired'),
    new Error('Client has encountered a connection error and is not queryable'),
    new Error('Client was closed and is not queryable'),
    new Error('Cannot use a pool after calling end on the pool'),
  ])('(%s) is unavailable for a moment', (cause) => {
    expect(translateSqlError(cause)).toMatchObject({ code: 'database.unavailable', status: 503, retryAfterSeconds: 2, cause })
  })
})

describe('an error of anybody', () => {
  const anybodys = () => fromSocket('ECONNREFUSED', 'connect')

  it('is the database’s only where it came over its connection, or in the words of its driver', () => {
    const provider = anybodys()
    expect(translateAnyError(provider)).toBe(provider)
    const known = anybodys()
    knowAsDatabase(known)
    for (const error of [known, fromServer('57P01'), new Error('Connection terminated unexpectedly')]) {
      expect(translateAnyError(error)).toMatchObject({ code: 'database.unavailable', cause: error })
    }
  })

  it('that is no error at all passes', () => {
    for (const thrown of [null, undefined, 'text', {}]) {
      knowAsDatabase(thrown)
      expect(translateAnyError(thrown)).toBe(thrown)
    }
  })
})

describe('what is nobody’s or already ours', () => {
  const ours = defineErrors('vault', { not_found: { status: 404, message: 'No such secret.' } }).not_found()
  const file = Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT', syscall: 'open', path: '/x' })

  it.each([ours, new TypeError('x is not a function'), file, fromSocket('EPERM', 'open'), { code: '23505' }, 'text', null, undefined])(
    'passes as it is (%s)',
    (error) => expect(translateSqlError(error)).toBe(error),
  )

  it('has no SQLSTATE, even where its code has the form of one', () => {
    for (const error of [fromSocket('EPIPE', 'write'), fromSocket('EPERM', 'open'), null, undefined, 'text', {}]) {
      expect(sqlstateOf(error)).toBeUndefined()
    }
    expect(sqlstateOf(fromServer('KL001'))).toBe('KL001')
  })
})
