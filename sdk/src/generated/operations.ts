// DO NOT EDIT. Made from the OpenAPI document by `npm run generate`; a test checks that it is fresh.

export type Problem = {
  type: string
  /** A sentence for the person. */
  title: string
  status: number
  /** Stable, for programs: domain.name. */
  code: string
  /** What can be done about it. */
  hint?: string | undefined
  requestId?: string | undefined
  /** One per field that was wrong. */
  errors?: Array<{
    field: string
    message: string
  }> | undefined
}

/** Every route of the server, by method and path. */
export interface Operations {
  /** Whether the process is alive. For anyone. */
  'GET /health': {
    reply: {
      status: "ok"
    }
  }
  /** Metrics in Prometheus’s text form. For the service key, or anybody on the server’s own machine. */
  'GET /metrics': {
    reply: string
  }
  /** Whether the process may be sent requests: database, migrations, keyring. For anyone. */
  'GET /ready': {
    reply: {
      status: "ready"
    } | Problem
  }
}
