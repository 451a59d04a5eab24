import pino, { type DestinationStream, type Logger } from 'pino'

/** Names under which a secret can stand in what is logged, at any of the depths at which we log objects. */
const secretNames = [
  'authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
  'api-key',
  'apikey',
  'x-goog-api-key',
  'password',
  'token',
  'secret',
  'apiKey',
  'api_key',
  'p_api_key',
  'key',
]
const depths = ['', '*.', '*.*.', '*.*.*.']
const paths = depths.flatMap((depth) =>
  secretNames.map((name) => (name.includes('-') ? `${depth.slice(0, -1)}["${name}"]` : `${depth}${name}`)),
)

/**
 * Anything that looks like a credential, wherever in a text it stands: provider keys (sk-…, xai-…, AIza…), our own
 * tokens and sealed values, JWTs, and passwords in addresses.
 */
const looksSecret =
  /\b(?:sk|pk|rk|xai|gsk|klt|key|vck|pplx|hf|ghp|gho|glpat)[-_][A-Za-z0-9_-]{12,}|\bAIza[A-Za-z0-9_-]{30,}|\bk[lr]1\.[A-Za-z0-9._-]{12,}|\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*|(?<=:\/\/[^\s:/@"]*:)(?:[^\s@/"\\]|\\.)+(?=@)|(?<=\b[Bb]earer )[A-Za-z0-9._~+/=-]{8,}/g

export function redact(text: string): string {
  return text.replace(looksSecret, '[redacted]')
}

/**
 * What an error says of itself and of its causes, in words. Not what is attached to it: Node attaches the bytes of a
 * request it could not read, with every header in them.
 */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const described: Record<string, unknown> = pino.stdSerializers.err(error)
  return Object.fromEntries(Object.entries(described).filter(([, value]) => typeof value === 'string' || typeof value === 'number'))
}

/** Lines of JSON, on stderr unless said. Every line passes the second net, whatever put a value into it. */
export function createLog(level: string, destination: DestinationStream = pino.destination(2)): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths, censor: '[redacted]' },
      serializers: { err: describeError },
      hooks: { streamWrite: redact },
    },
    destination,
  )
}
