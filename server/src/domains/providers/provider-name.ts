import { z } from 'zod'
import { knownProviders } from './known-providers.ts'
import type { Provider } from './provider.ts'

const idOfAlias = new Map<string, string>(
  knownProviders.flatMap(({ id, aliases = [] }: Provider) => aliases.map((alias) => [alias, id] as const)),
)

/** The id of whom somebody names by id or alias, in any case. Who is not known here keeps their name. */
function providerId(name: string): string {
  const given = name.trim().toLowerCase()
  return idOfAlias.get(given) ?? given
}

/**
 * A provider as a request, a file or a command names it. Books, prices and limits know each by its id alone: under another
 * name a limit would stand there and hold nothing. It need not be one that is configured, for calls outlive settings.
 */
export const providerName = z
  .string()
  .min(1)
  .max(50)
  .transform(providerId)
  .pipe(z.string().regex(/^[a-z0-9][a-z0-9_-]*$/, 'must be a provider id, such as openai'))
