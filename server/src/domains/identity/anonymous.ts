import { tryGetCurrentAuthEndpointContext } from '@better-auth/core/context'
import type { BetterAuthPlugin } from 'better-auth'
import { APIError, getOAuthState, getSessionFromCtx } from 'better-auth/api'
import { anonymous } from 'better-auth/plugins'

/*
 * People who begin without an account. Who signs up keeps their id: the row that better-auth would make is written into
 * the one they have. Who signs in to an account that there is has everything moved to it, before they are told that they
 * are in; where that fails they are not, and are who they were.
 */

type EndpointContext = NonNullable<Awaited<ReturnType<typeof tryGetCurrentAuthEndpointContext>>>
type Adapter = Parameters<NonNullable<BetterAuthPlugin['init']>>[0]['adapter']
type Writer = Pick<Adapter, 'create' | 'update'>

export interface AnonymousOptions {
  /** @throws where it could not be done; then nothing was */
  move: (from: string, to: string) => Promise<unknown>
}

/** Nobody can have an address there. */
const anonymousDomain = 'anonymous.invalid'

export function createAnonymous({ move }: AnonymousOptions): BetterAuthPlugin[] {
  return [
    anonymous({
      emailDomainName: anonymousDomain,
      disableDeleteAnonymousUser: true, // the move does
      schema: { user: { fields: { isAnonymous: 'is_anonymous' } } },
      async onLinkAccount({ anonymousUser: { user, session }, newUser, ctx }) {
        if (newUser.user.id !== user.id) return void (await move(user.id, newUser.user.id))
        // Who signed up has a new session; the one of before would be theirs for as long.
        if (newUser.session.token !== session.token) await ctx.context.internalAdapter.deleteSession(session.token)
      },
    }),
    {
      id: 'keyloft-keep-id',
      init: ({ adapter }) => ({ context: { adapter: keepingIds(adapter) } }),
    },
  ]
}

function keepingIds(adapter: Adapter): Adapter {
  return {
    ...adapter,
    ...writing(adapter),
    transaction: (work) => adapter.transaction((inner) => work({ ...inner, ...writing(inner) })),
  }
}

function writing(adapter: Writer): Pick<Writer, 'create'> {
  return {
    async create(made) {
      const id = made.model === 'user' ? await anonymousId() : undefined
      if (id === undefined) return adapter.create(made)
      const { createdAt: _, ...update } = made.data as Record<string, unknown>
      const where = [
        { field: 'id', value: id },
        { field: 'isAnonymous', value: true },
      ]
      const kept = await adapter.update({ model: 'user', where, update: { ...update, isAnonymous: false } })
      if (!kept) throw new APIError('CONFLICT', { code: 'SIGNED_UP_MEANWHILE', message: 'You signed up or signed in elsewhere just now.' })
      return kept as never
    },
  }
}

/** Of whoever is about to become somebody. */
async function anonymousId(): Promise<string | undefined> {
  const context = tryGetCurrentAuthEndpointContext() as EndpointContext | null
  if (!context || context.path === '/sign-in/anonymous') return undefined
  const session = await getSessionFromCtx(context as Parameters<typeof getSessionFromCtx>[0], { disableRefresh: true })
  if (session) return session.user.isAnonymous ? session.user.id : undefined
  // Back from another provider in a browser that carries the state and nothing else.
  const { anonymousUserId } = (await getOAuthState())?.serverContext ?? {}
  if (typeof anonymousUserId !== 'string') return undefined
  const user = (await context.context.internalAdapter.findUserById(anonymousUserId)) as { isAnonymous?: boolean } | null
  return user?.isAnonymous ? anonymousUserId : undefined
}
