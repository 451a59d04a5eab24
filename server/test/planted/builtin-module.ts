export const dial = (port: number) =>
  new Promise<void>((resolve, reject) => {
    const socket = process.getBuiltinModule('net').connect(port, '127.0.0.1', () => socket.end(resolve))
    socket.on('error', reject)
  })
