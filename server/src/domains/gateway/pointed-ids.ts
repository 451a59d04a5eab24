import type { RequestShape } from './operations/operation.ts'

/** Of more things a call does not need to be made; each is asked for. */
const mostIds = 20

/** Where ids stand, by a string that is looked for first: most bodies hold none of them. */
const places: readonly { mark: string; pattern: RegExp }[] = [
  { mark: '"file_id"', pattern: /"file_id"\s*:\s*"([^"]*)"/g },
  { mark: '"file_ids"', pattern: /"file_ids"\s*:\s*\[([^[\]{}]*)\]/g },
  { mark: '"vector_store_ids"', pattern: /"vector_store_ids"\s*:\s*\[([^[\]{}]*)\]/g },
  { mark: '"container', pattern: /"container(?:_id)?"\s*:\s*(?:\{[^{}]*"id"\s*:\s*)?"([^"]*)"/g },
  { mark: '"conversation"', pattern: /"conversation"\s*:\s*(?:\{[^{}]*"id"\s*:\s*)?"([^"]*)"/g },
  { mark: '"prompt"', pattern: /"prompt"\s*:\s*\{[^{}]*"id"\s*:\s*"([^"]*)"/g },
  { mark: '"cached', pattern: /"cached(?:Content|_content)"\s*:\s*"([^"]*)"/g },
]
/** As providers name what they keep. Tools of the caller's own may have members of these names, with ids of another kind. */
const named = /^(?:file[-_]|vs_|cntr_|container_|conv_|pmpt_|cachedContents\/)/

/**
 * Whatever in a body points to what a provider keeps, beside its members of their own. With a key of the server it could be
 * another person's.
 * @param isHidden some names are written so that they are not found
 */
export function pointedIds(text: string, { pointsWithin }: RequestShape, isHidden: () => boolean): readonly string[] {
  if (!pointsWithin) return []
  const ids = new Set<string>()
  for (const { mark, pattern } of places) {
    if (!text.includes(mark)) continue
    for (const [, found = ''] of text.matchAll(pattern)) {
      for (const id of found.split(',').map((one) => one.replaceAll(/[\s"]/g, ''))) {
        if (named.test(id) || id.includes('\\')) ids.add(id)
        if (ids.size > mostIds) return [...ids, hidden]
      }
    }
  }
  return isHidden() ? [...ids, hidden] : [...ids]
}

/** Nothing that a provider keeps is named so: it is nobody's, and so only in an account of the caller's own, if anywhere. */
const hidden = '\\'
