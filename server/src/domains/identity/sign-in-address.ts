/** What better-auth is told of where it stands, and who must know it before better-auth itself is loaded. */

export const basePath = '/api/auth'
export const cookiePrefix = 'keyloft'
/** better-auth puts the browser's own guard in front of a Secure cookie's name. */
export const sessionCookieName = (isSecure: boolean) => `${isSecure ? '__Secure-' : ''}${cookiePrefix}.session_token`
/** Set by us from the connection, in place of whatever a client may claim. */
export const addressHeader = 'x-keyloft-address'
