import { BoundedMap } from '../../base/bounded-map.ts'
import type { Clock } from '../../base/clock.ts'
import type { Signals } from '../../platform/signals/signals.ts'
import type { Person } from './person.ts'

const mostKnown = 10_000
/** However sure we are to hear of changes. */
const longestMs = 60_000

export interface People {
  /** What is known of a person, or is asked at this moment. */
  find(userId: string): Person | Promise<Person>
}

/**
 * Remembers people under their ids, until a signal says that one of them changed. Where changes are not heard, nothing
 * that is remembered counts, and each call asks; those that ask at the same moment share the answer.
 */
export function createPeople(load: (userId: string) => Promise<Person>, { clock, signals }: { clock: Clock; signals: Signals }): People {
  const known = new BoundedMap<Person>(mostKnown)
  const underWay = new Map<string, Promise<Person>>()

  // An answer that is under way may be of before the change: nobody who asks from now on shares it, and it is not kept.
  function forget(userId: string | undefined) {
    if (userId === undefined) {
      known.clear()
      underWay.clear()
    } else {
      known.delete(userId)
      underWay.delete(userId)
    }
  }
  signals.onChanged('facts', forget)
  signals.onChanged('person', forget) // an account that was closed
  signals.onChanged('tiers', () => forget(undefined))

  function ask(userId: string): Promise<Person> {
    const asked: Promise<Person> = load(userId).then(
      (person) => {
        if (underWay.get(userId) === asked) {
          underWay.delete(userId)
          known.set(userId, person, clock() + longestMs)
        }
        return person
      },
      (error) => {
        if (underWay.get(userId) === asked) underWay.delete(userId)
        throw error
      },
    )
    underWay.set(userId, asked)
    return asked
  }

  return {
    find(userId) {
      if (!signals.isLive()) return ask(userId)
      return known.get(userId, clock()) ?? underWay.get(userId) ?? ask(userId)
    },
  }
}
