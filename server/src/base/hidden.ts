/**
 * A secret of the installation's own, from its configuration. The field is private, so that neither a log, an error,
 * JSON nor an inspection can show what whoever holds it did not ask for.
 */
export class Hidden {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  reveal(): string {
    return this.#text
  }
}
