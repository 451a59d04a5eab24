import type { BrowserContext } from 'playwright-core'
import { peopleOf } from '../person.ts'
import type { House } from './house.ts'

export interface Entered {
  id: string
  email: string
  /** As this person, past the browser. */
  ask: ReturnType<ReturnType<typeof peopleOf>['asking']>
}

/** Signs somebody new in without the pages, and gives their session to a browser. */
export async function enter({ test, url }: House, context: BrowserContext, { isAdmin = false } = {}): Promise<Entered> {
  const { signUp } = (ways.get(test) ?? ways.set(test, peopleOf(test)).get(test)) as ReturnType<typeof peopleOf>
  const { id, email, cookie, ask } = await signUp()
  if (isAdmin) await test.owner.db.insertInto('user_standing').values({ user_id: id, is_admin: true }).execute()
  const [name = '', ...value] = cookie.split('=')
  await context.addCookies([{ name, value: value.join('='), url }])
  return { id, email, ask }
}

/** Each counts its people, so that no address is taken twice. */
const ways = new WeakMap<House['test'], ReturnType<typeof peopleOf>>()
