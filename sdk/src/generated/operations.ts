// DO NOT EDIT. Made from the OpenAPI document by `npm run generate`; a test checks that it is fresh.

/** Every route of the server, by method and path. */
export interface Operations {
  /** Whether the process is alive. For anyone. */
  'GET /health': {
    reply: {
      status: 'ok'
    }
  }
  /** Metrics in Prometheus’s text form. For the service key, or anybody on the server’s own machine. */
  'GET /metrics': {
    reply: string
  }
  /** Whether the process may be sent requests: database, migrations, keyring. For anyone. */
  'GET /ready': {
    reply: {
      status: 'ready'
    }
  }
}
