import { digestOf, json, madeAt, parseBody } from '../../src/domains/mock-provider/answer.ts'
import { mockResponses } from '../../src/domains/mock-provider/mock-responses.ts'
import { type Answer, formOf, notFound, type Routes } from './asked.ts'

interface Kept {
  id: string
  object: string
}

/** What OpenAI keeps: files, batches, responses. Ids come from what they are made of, so that making one twice is making one. */
export function createStored(): Routes {
  const kept = new Map<string, Kept>()
  const contents = new Map<string, Buffer>()
  const keep = (one: Kept): Answer => {
    kept.set(one.id, one)
    return json(one)
  }
  const change = (id: string, more: object): Answer => {
    const one = kept.get(id)
    return one ? keep({ ...one, ...more }) : notFound('object')
  }
  const show = (_: unknown, id = '') => change(id, {})
  const list = (object: string) => () => {
    const data = [...kept.values()].filter((one) => one.object === object)
    return json({ object: 'list', data, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null, has_more: false })
  }
  const remove = (_: unknown, id = ''): Answer => {
    const one = kept.get(id)
    kept.delete(id)
    return one ? json({ id, object: one.object, deleted: true }) : notFound('object')
  }

  return [
    [
      'POST',
      /^\/v1\/files$/,
      async (asked) => {
        const { texts, file } = await formOf(asked)
        const bytes = Buffer.from((await file?.arrayBuffer()) ?? new ArrayBuffer())
        const id = `file-${digestOf(bytes.toString('base64'))}`
        contents.set(id, bytes)
        const { purpose } = texts
        return keep({
          id,
          object: 'file',
          ...{ bytes: bytes.length, created_at: madeAt, filename: file?.name, purpose, status: 'processed' },
        })
      },
    ],
    ['GET', /^\/v1\/files$/, list('file')],
    ['GET', /^\/v1\/files\/([^/]+)$/, show],
    ['DELETE', /^\/v1\/files\/([^/]+)$/, remove],
    [
      'GET',
      /^\/v1\/files\/([^/]+)\/content$/,
      (_, id = '') => {
        const bytes = contents.get(id)
        return bytes ? { status: 200, headers: { 'content-type': 'application/octet-stream' }, pieces: [bytes] } : notFound('file')
      },
    ],
    [
      'POST',
      /^\/v1\/batches$/,
      ({ bytes }) => {
        const { input_file_id, endpoint } = parseBody<Record<string, string>>(bytes) ?? {}
        const counts = { total: 0, completed: 0, failed: 0 }
        const more = { endpoint, input_file_id, completion_window: '24h', status: 'validating', created_at: madeAt, request_counts: counts }
        return keep({ id: `batch_${digestOf(input_file_id)}`, object: 'batch', ...more })
      },
    ],
    ['GET', /^\/v1\/batches$/, list('batch')],
    ['GET', /^\/v1\/batches\/([^/]+)$/, show],
    ['POST', /^\/v1\/batches\/([^/]+)\/cancel$/, (_, id = '') => change(id, { status: 'cancelling', cancelling_at: madeAt })],
    [
      'POST',
      /^\/v1\/responses$/,
      ({ bytes }) => {
        const whole = mockResponses(Buffer.from(JSON.stringify({ ...parseBody<object>(bytes), stream: false })))
        if (whole.status === 200) keep(JSON.parse(whole.pieces.join('')) as Kept)
        return mockResponses(bytes)
      },
    ],
    ['GET', /^\/v1\/responses\/([^/]+)$/, show],
    ['DELETE', /^\/v1\/responses\/([^/]+)$/, remove],
    ['POST', /^\/v1\/responses\/([^/]+)\/cancel$/, (_, id = '') => change(id, { status: 'cancelled' })],
  ]
}
