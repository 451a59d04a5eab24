import { useMutation } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { pageUrl } from '../place.ts'
import { readNext } from './session.ts'

/**
 * On to the page that was asked for. It is loaded anew, so that nothing of whoever was here before is in its memory;
 * until then the form stays as it is.
 */
export function useEntering<Input>(enter: (input: Input) => Promise<unknown>) {
  const { next } = useSearch({ strict: false }) as { next?: unknown }
  return useMutation({
    mutationFn: async (input: Input) => {
      await enter(input)
      location.replace(pageUrl(readNext(next)))
      await new Promise(() => {}) // this page ends here
    },
  })
}
