import { createSocket } from 'node:dgram'

export const dial = (port: number) =>
  new Promise<void>((resolve) => {
    const socket = createSocket('udp4')
    socket.send('hello', port, '127.0.0.1', () => socket.close(resolve))
  })
