/**
 * Where a login connects for what a transaction pooler cannot carry: past it, where the operator named a way around.
 * @param loginUrl the login as its serving pool uses it
 */
export function directUrlOf(loginUrl: string, directUrl: string | undefined): string {
  if (directUrl === undefined) return loginUrl
  const login = new URL(loginUrl)
  const url = new URL(directUrl)
  const [name = ''] = decodeURIComponent(login.username).split('.') // a pooler's `user.tenant`
  const tenant = /\..*$/.exec(decodeURIComponent(url.username))?.[0] ?? ''
  url.username = encodeURIComponent(name + tenant)
  url.password = login.password
  return url.href
}
