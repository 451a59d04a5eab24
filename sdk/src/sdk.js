/** Where a Keyloft server listens unless `HOST` and `PORT` say otherwise. */
export const defaultBaseUrl = 'http://127.0.0.1:8787'
