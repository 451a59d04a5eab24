import { ExportResultCode } from '@opentelemetry/core'
import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import type { SpanExporter } from '@opentelemetry/sdk-trace'
import { AppError } from '../../base/errors.ts'
import type { Egress } from '../egress/egress.ts'
import type { TracingSettings } from './tracing.ts'

const formats = {
  protobuf: { serializer: ProtobufTraceSerializer, type: 'application/x-protobuf' },
  json: { serializer: JsonTraceSerializer, type: 'application/json' },
}

/**
 * OTLP over the one door out: the official exporter brings an HTTP client of its own. What a receiver does not take is
 * lost; spans are no place to keep something, and a receiver that is away must not fill our memory.
 */
export function createExporter(
  { url, format, headers }: TracingSettings,
  egress: Pick<Egress, 'namedByOperator' | 'request'>,
  onProblem: (message: string) => void,
): SpanExporter {
  const { serializer, type } = formats[format]
  const receiver = egress.namedByOperator(url)
  const underWay = new Set<Promise<void>>()
  let failing = false

  const send = async (body: Uint8Array) => {
    const { status } = await egress.request(receiver, { method: 'POST', headers: { ...headers, 'content-type': type }, body })
    if (status < 200 || status > 299) throw new Error(`the receiver answered ${status}`)
  }

  return {
    export(spans, done) {
      const sending = send(serializer.serializeRequest(spans) ?? new Uint8Array()).then(
        () => {
          failing = false
          done({ code: ExportResultCode.SUCCESS })
        },
        (error: Error) => {
          if (!failing) onProblem((error instanceof AppError && error.internal) || error.message)
          failing = true // said once, until it works again
          done({ code: ExportResultCode.FAILED, error })
        },
      )
      underWay.add(sending)
      sending.finally(() => underWay.delete(sending))
    },
    forceFlush: async () => void (await Promise.all(underWay)),
    shutdown: async () => void (await Promise.all(underWay)),
  }
}
