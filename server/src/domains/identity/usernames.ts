/** Names that a person could be taken for somebody else by, or that an address may need. */
const kept = new Set(
  'admin administrator api app auth billing docs help info keyloft mail moderator null official operator postmaster root security service status support system undefined webmaster www'.split(
    ' ',
  ),
)

/** The length is better-auth's to check. Letters of other scripts could look like these. */
export function isFreeToTake(username: string): boolean {
  return /^[a-z0-9_.]+$/i.test(username) && !kept.has(username.toLowerCase().replaceAll(/[_.]/g, ''))
}
