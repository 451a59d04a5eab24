import type { Mail } from '../../platform/mail/mailer.ts'

/** What better-auth has to say by mail. Short, so that nobody takes them for advertising, and plain. */

export const verificationMail = (to: string, link: string): Mail => ({
  to,
  subject: 'Confirm your e-mail address',
  text: `Somebody signed up with this address. If it was you, confirm it within an hour:\n\n${link}\n\nIf it was not, do nothing.`,
})

export const resetMail = (to: string, link: string): Mail => ({
  to,
  subject: 'Choose a new password',
  text: `Somebody asked for a new password for this address. If it was you, choose one within an hour:\n\n${link}\n\nIf it was not, do nothing: the old one still holds.`,
})
