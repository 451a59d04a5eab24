import { connect } from 'node:tls'

export const dial = (port: number) => new Promise<void>((resolve) => connect(port, '127.0.0.1').on('error', () => resolve()))
