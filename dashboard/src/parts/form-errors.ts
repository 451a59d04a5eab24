import { KeyloftError } from '@keyloft/sdk'

/** Puts what the server says of fields beside them. What is left is for the whole form: null where nothing is. */
export function showFieldErrors(
  error: unknown,
  form: { values?: object; getValues(): object; setErrors(errors: Record<string, string>): void },
): unknown {
  if (!(error instanceof KeyloftError) || error.fields.length === 0) return error
  const known = new Set(Object.keys(form.getValues()))
  const beside = error.fields.filter(({ field }) => known.has(field))
  form.setErrors(Object.fromEntries(beside.map(({ field, message }) => [field, message])))
  return beside.length === error.fields.length ? null : error
}
