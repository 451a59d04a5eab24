import { createKeyloft, createSignIn } from '@keyloft/sdk'
import { serverUrl } from '../place.ts'

/** Both by the session’s cookie, which no script can read. */
export const keyloft = createKeyloft({ url: serverUrl })
export const signIn = createSignIn({ url: serverUrl })
