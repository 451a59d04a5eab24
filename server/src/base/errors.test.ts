import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { AppError, defineErrors } from './errors.ts'

const errors = defineErrors('vault', {
  not_found: { status: 404, message: 'No such secret.' },
  retired: { status: 409, message: 'This key was retired.', hint: 'Rotate first.' },
})

describe('an error of a catalogue', () => {
  it('has its domain in its code, and the status, sentence and hint of its entry', () => {
    const error = errors.retired()
    expect(error).toBeInstanceOf(AppError)
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({
      name: 'AppError',
      code: 'vault.retired',
      status: 409,
      message: 'This key was retired.',
      hint: 'Rotate first.',
    })
    expect(errors.not_found().hint).toBeUndefined()
    expect(error.stack).toContain('errors.test.ts')
  })

  it('may say more for one case, without changing the catalogue', () => {
    const cause = new Error('why')
    const error = errors.retired({ message: 'Key v1 was retired.', hint: 'Use v2.', retryAfterSeconds: 3, cause })
    expect(error).toMatchObject({ message: 'Key v1 was retired.', hint: 'Use v2.', retryAfterSeconds: 3, cause, status: 409 })
    expect(errors.retired()).toMatchObject({ message: 'This key was retired.', hint: 'Rotate first.', retryAfterSeconds: undefined })
  })

  it('keeps what is internal out of everything that shows an error by itself', () => {
    const error = errors.not_found({ internal: 'key sk-canary at 10.0.0.1' })
    expect(error.internal).toBe('key sk-canary at 10.0.0.1')
    const shown = [
      JSON.stringify(error),
      JSON.stringify({ ...error }),
      String(error),
      error.stack,
      inspect(error, { depth: 9, showHidden: true }),
    ]
    for (const text of shown) expect(text).not.toContain('canary')
  })
})
