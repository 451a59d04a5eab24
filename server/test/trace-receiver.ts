import type { IncomingHttpHeaders } from 'node:http'
import { listenHttp } from './loopback.ts'

export interface ReceivedSpan {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  kind: number
  status: { code: number }
  attributes: Record<string, unknown>
}

interface Payload {
  resourceSpans: {
    scopeSpans: { spans: (Omit<ReceivedSpan, 'attributes'> & { attributes: { key: string; value: Record<string, unknown> }[] })[] }[]
  }[]
}

/** Takes OTLP/HTTP as a collector does. `status` is what it answers. */
export async function receiveTraces(status = 200) {
  const requests: { url: string | undefined; headers: IncomingHttpHeaders; body: Buffer }[] = []
  const listener = await listenHttp((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      requests.push({ url: request.url, headers: request.headers, body: Buffer.concat(chunks) })
      response.writeHead(status).end()
    })
  })
  return {
    url: `http://127.0.0.1:${listener.port}/v1/traces`,
    requests,
    /** Everything that arrived, as text. */
    text: () => requests.map(({ url, headers, body }) => `${url} ${JSON.stringify(headers)} ${body.toString('latin1')}`).join('\n'),
    /** Of what arrived as JSON. */
    spans: () => requests.flatMap(({ body }) => spansOf(JSON.parse(body.toString()))),
  }
}

function spansOf({ resourceSpans }: Payload): ReceivedSpan[] {
  return resourceSpans
    .flatMap(({ scopeSpans }) => scopeSpans)
    .flatMap(({ spans }) => spans)
    .map(({ attributes, ...span }) => ({
      ...span,
      attributes: Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]])),
    }))
}
