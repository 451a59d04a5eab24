import type { Socket } from 'node:net'
import { openSocket } from '../egress/known-sockets.ts'
import { knowAsDatabase } from './sql-errors.ts'

/** A socket whose failures are known for the database's, wherever they come up. */
export function openDatabaseSocket(): Socket {
  return openSocket().on('error', knowAsDatabase)
}
