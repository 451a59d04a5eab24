import type { InjectOptions } from 'fastify'
import type { TestApp } from '../app.ts'

/** Somebody new for each case, so that no rate limit and no row is shared. */
export interface Caller {
  /** A person's; absent for the service and for nobody. */
  userId?: string
  /** What proves it. */
  headers: Record<string, string>
  remoteAddress: string
}

/** What to send beside the caller's credential; `url` where a parameter must have a certain value. */
type Attempt = Pick<InjectOptions, 'payload' | 'headers'> & { url?: string }

/** Makes whatever must be there first, and says what to send. */
type Prepare = (test: TestApp, caller: Caller) => Attempt | Promise<Attempt>

/** One way to be refused, with one code. */
export interface Refusal {
  /** Absent where only the route knows. */
  code?: string
  /** Who asks. Unless said, somebody whom the policy lets in. */
  by?: Actor
  prepare: Prepare
  /** Where `prepare` changed more than what belongs to the caller. */
  undo?: (test: TestApp) => Promise<void>
}

export type Actor = 'nobody' | 'person' | 'service'

export interface RouteRefusals {
  /** A request that would succeed. 409 of an idempotent route needs it, and 404 of one that takes a body. */
  valid?: Prepare
  /** By status, beside those that follow from the document. */
  [status: number]: readonly Refusal[]
}

/** By method and path as the OpenAPI document has them: `POST /v1/things/{id}`. */
export type Refusals = Record<string, RouteRefusals>
