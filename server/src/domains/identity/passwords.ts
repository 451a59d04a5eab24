import { hashPassword, verifyPassword } from 'better-auth/crypto'

/**
 * scrypt runs on Node's few threads, on which new database connections prove their password too. Unbounded, a burst of
 * sign-ins would keep the whole server from connecting; two at a time leave room, and no more would fit two cores.
 */
const mostAtOnce = 2

export function createPasswords() {
  const inTurn = createGate(mostAtOnce)
  return {
    hash: (password: string) => inTurn<string>(() => hashPassword(password)),
    verify: (given: { hash: string; password: string }) => inTurn<boolean>(() => verifyPassword(given)),
  }
}

function createGate(most: number) {
  let inside = 0
  const waiting: (() => void)[] = []
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (inside >= most) await new Promise<void>((resolve) => waiting.push(resolve))
    else inside++
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next)
        next() // takes this place
      else inside--
    }
  }
}
