import type { FastifyBaseLogger } from 'fastify'

type Bindings = Parameters<FastifyBaseLogger['child']>[0]
type ChildOptions = Parameters<FastifyBaseLogger['child']>[1]

/** The log as Fastify takes it, which makes itself a child of it, and of that one for each request. */
export function withLateChildren(log: FastifyBaseLogger): FastifyBaseLogger {
  const child: FastifyBaseLogger['child'] = (bindings, options) => new LateLog(() => log.child(bindings, options))
  return Object.create(log, { child: { value: child } })
}

/**
 * A log that is made when something is first written to it: most requests write nothing, and making a child compiles
 * what is redacted anew, which cost a call of the gateway a twentieth of its time.
 */
class LateLog implements FastifyBaseLogger {
  readonly #make: () => FastifyBaseLogger
  #made: FastifyBaseLogger | undefined

  constructor(make: () => FastifyBaseLogger) {
    this.#make = make
  }

  get #log(): FastifyBaseLogger {
    this.#made ??= this.#make()
    return this.#made
  }

  get level() {
    return this.#log.level
  }
  set level(level) {
    this.#log.level = level
  }
  child(bindings: Bindings, options?: ChildOptions): FastifyBaseLogger {
    return new LateLog(() => this.#log.child(bindings, options))
  }
  fatal(...given: Parameters<FastifyBaseLogger['fatal']>) {
    this.#log.fatal(...given)
  }
  error(...given: Parameters<FastifyBaseLogger['error']>) {
    this.#log.error(...given)
  }
  warn(...given: Parameters<FastifyBaseLogger['warn']>) {
    this.#log.warn(...given)
  }
  info(...given: Parameters<FastifyBaseLogger['info']>) {
    this.#log.info(...given)
  }
  debug(...given: Parameters<FastifyBaseLogger['debug']>) {
    this.#log.debug(...given)
  }
  trace(...given: Parameters<FastifyBaseLogger['trace']>) {
    this.#log.trace(...given)
  }
  silent(...given: Parameters<FastifyBaseLogger['silent']>) {
    this.#log.silent(...given)
  }
}
