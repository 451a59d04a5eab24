import type { RequestShape } from './operations/operation.ts'

/** Of more things a call does not need to be made; each is asked for. */
const mostIds = 20

/** Looked for first, in one go: most bodies hold none of them. */
const anyPlace = /"(?:file_ids?"|vector_store_ids"|container|conversation"|prompt"|cached)/
const places: readonly RegExp[] = [
  /"file_id"\s*:\s*"([^"]*)"/g,
  /"file_ids"\s*:\s*\[([^[\]{}]*)\]/g,
  /"vector_store_ids"\s*:\s*\[([^[\]{}]*)\]/g,
  /"container(?:_id)?"\s*:\s*(?:\{[^{}]*"id"\s*:\s*)?"([^"]*)"/g,
  /"conversation"\s*:\s*(?:\{[^{}]*"id"\s*:\s*)?"([^"]*)"/g,
  /"prompt"\s*:\s*\{[^{}]*"id"\s*:\s*"([^"]*)"/g,
  /"cached(?:Content|_content)"\s*:\s*"([^"]*)"/g,
]
/** As providers name what they keep. Tools of the caller's own may have members of these names, with ids of another kind. */
const named = /^(?:file[-_]|vs_|cntr_|container_|conv_|pmpt_|cachedContents\/)/

/**
 * Whatever in a body points to what a provider keeps, beside its members of their own. With a key of the server it could be
 * another person's.
 * @param isHidden some names are written so that they are not found
 */
export function pointedIds(text: string, { pointsWithin }: RequestShape, isHidden: () => boolean): readonly string[] {
  if (!pointsWithin) return none
  if (!anyPlace.test(text)) return isHidden() ? [hidden] : none
  const ids = new Set<string>()
  for (const pattern of places) {
    for (const [, found = ''] of text.matchAll(pattern)) {
      for (const id of found.split(',').map((one) => one.replaceAll(/[\s"]/g, ''))) {
        if (named.test(id) || id.includes('\\')) ids.add(id)
        if (ids.size > mostIds) return [...ids, hidden]
      }
    }
  }
  return isHidden() ? [...ids, hidden] : [...ids]
}

const none: readonly string[] = []

/** Nothing that a provider keeps is named so: it is nobody's, and so only in an account of the caller's own, if anywhere. */
const hidden = '\\'
