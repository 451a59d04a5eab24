import { connect } from 'node:http2'

export const dial = (port: number) =>
  new Promise<void>((resolve) => {
    const session = connect(`http://127.0.0.1:${port}`, () => session.destroy())
    session.on('error', () => {}).on('close', () => resolve())
  })
