import type { IncomingHttpHeaders } from 'node:http'

export interface Asked {
  method: string
  path: string
  query: URLSearchParams
  headers: IncomingHttpHeaders
  bytes: Buffer
}

export interface Answer {
  status: number
  headers: Record<string, string>
  pieces: (string | Buffer)[]
}

/** @param named what the groups of the pattern found in the path */
export type Handler = (asked: Asked, ...named: string[]) => Answer | Promise<Answer>
export type Routes = readonly (readonly [method: string, path: RegExp, handler: Handler])[]

/** Of a body in parts: the texts by their names, and the file. */
export async function formOf({ bytes, headers }: Asked): Promise<{ texts: Record<string, string>; file?: File }> {
  const type = headers['content-type'] ?? ''
  const form = await new Response(new Uint8Array(bytes), { headers: { 'content-type': type } }).formData()
  const files = [...form.values()].filter((value) => typeof value !== 'string')
  const texts = Object.fromEntries([...form].filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
  return { texts, ...(files[0] ? { file: files[0] } : {}) }
}

export const notFound = (what: string): Answer => ({
  status: 404,
  headers: { 'content-type': 'application/json' },
  pieces: [JSON.stringify({ error: { message: `No such ${what}.`, type: 'invalid_request_error', param: 'id', code: null } })],
})
