import { Socket } from 'node:net'

/*
 * Every socket that the door opens is written down before it dials, so that a guard on the channel
 * net.client.socket can tell it from one that somebody else opened. The list is the process's, as the channel is.
 */
const known = new WeakSet<object>()

/** A socket that has not dialled yet. For a driver that dials by itself, such as pg's `stream: openSocket`. */
export function openSocket(): Socket {
  const socket = new Socket()
  known.add(socket)
  return socket
}

export function isKnownSocket(socket: object): boolean {
  return known.has(socket)
}
