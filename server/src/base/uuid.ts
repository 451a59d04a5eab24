import { randomUUID } from 'node:crypto'

/** A UUIDv7 (RFC 9562): begins with the time, so that rows made after one another lie beside each other. */
export function uuidV7(atMs: number): string {
  const time = atMs.toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`
}
