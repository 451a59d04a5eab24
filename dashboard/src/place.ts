/** Where the server answers, with the path that a proxy may have put before it. The page’s <base> is written by the server. */
const base = new URL('.', document.baseURI)

/** Without a slash at its end: what clients of OpenAI, Anthropic and Supabase are given as their base URL. */
export const serverUrl = base.href.replace(/\/$/, '')

/** Of the pages’ addresses. */
export const basePath = base.pathname.replace(/\/$/, '') || '/'

/** The address of a page, for who leads people back to it. */
export const pageUrl = (path: string) => serverUrl + path
