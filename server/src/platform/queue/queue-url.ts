/**
 * Where the queue connects: as keyloft_auth, past a transaction pooler where the operator named a way around it.
 * @param authUrl the login as the serving pool uses it
 */
export function queueUrl(authUrl: string, directUrl: string | undefined): string {
  if (directUrl === undefined) return authUrl
  const login = new URL(authUrl)
  const url = new URL(directUrl)
  const [name = ''] = decodeURIComponent(login.username).split('.') // a pooler's `user.tenant`
  const tenant = /\..*$/.exec(decodeURIComponent(url.username))?.[0] ?? ''
  url.username = encodeURIComponent(name + tenant)
  url.password = login.password
  return url.href
}
