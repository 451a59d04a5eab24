/** Parts of secrets that stand in tutorials, compose files and sample environments, in lower case. */
const published = [
  'super-secret-jwt-token',
  'your-256-bit-secret',
  'your-super-secret',
  'your_jwt_secret',
  'your-jwt-secret',
  'yoursecret',
  'reallyreallyreally',
  'changeme',
  'change-me',
  'change_me',
  'change-this',
  'change_this',
  'replace-me',
  'mysecret',
  'my-secret',
  'supersecret',
  'super-secret',
  'secretsecret',
  'secret-secret',
  'passwordpassword',
  'keyboard cat',
  'better-auth-secret',
]
const leastBytes = 32
const fewestCharacters = 12
const longestPattern = 16

/** Whoever guesses it is anybody, service_role included; so what was typed or copied is refused, as far as it shows. */
export function isStrongJwtSecret(text: string): boolean {
  const lower = text.toLowerCase()
  if (Buffer.byteLength(text) < leastBytes || published.some((part) => lower.includes(part))) return false
  const codes = [...text].map((character) => character.codePointAt(0) ?? 0)
  const steps = codes.slice(1).map((code, index) => code - (codes[index] ?? 0))
  const mostOfOneStep = Math.max(...new Map([...Map.groupBy(steps, (step) => step)].map(([step, all]) => [step, all.length])).values())
  const isPattern = Array.from({ length: longestPattern }, (_, index) => index + 1).some(
    (period) => text.slice(period) === text.slice(0, -period),
  )
  return new Set(codes).size >= fewestCharacters && mostOfOneStep < steps.length / 2 && !isPattern
}
