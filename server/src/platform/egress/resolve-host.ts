import { Resolver } from 'node:dns/promises'
import { faultOf, parseAddress } from './addresses.ts'
import type { Rules } from './destination.ts'
import { egressErrors } from './errors.ts'

/** All addresses of a name, as text. Rejects when there is none. */
export type Resolve = (name: string) => Promise<readonly string[]>

/**
 * Asks the name servers themselves and not the system: that would also read the hosts file, append search domains
 * (so that `wiki` becomes wiki.corp.example), and keep one of the four threads of libuv busy for as long as a
 * stranger's name server likes.
 */
export const askNameServers: Resolve = async (name) => {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 })
  const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
  const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
  const [first] = answers
  if (found.length === 0 && first?.status === 'rejected') throw first.reason
  return found
}

export interface Pinned {
  readonly address: string
  readonly family: 4 | 6
}

/**
 * Resolves a name once and checks every answer. One that is refused spoils them all: a name that points both out
 * and in is waiting for the second connection.
 */
export async function pinAddresses(name: string, resolve: Resolve, rules: Rules): Promise<Pinned[]> {
  let answers: readonly string[]
  try {
    answers = await resolve(name)
  } catch (cause) {
    throw egressErrors.unresolvable({ cause, internal: `${name}: ${(cause as Error).message}` })
  }
  if (answers.length === 0) throw egressErrors.unresolvable({ internal: `${name}: no address` })
  return answers.map((answer) => {
    const address = parseAddress(answer)
    const fault = address ? faultOf(address, rules.networks) : 'not an address'
    if (!address || fault) throw egressErrors.host_refused({ internal: `${name} resolves to ${answer}: ${fault}` })
    return { address: address.toString(), family: address.kind() === 'ipv4' ? 4 : 6 }
  })
}
