import { setTimeout as sleep } from 'node:timers/promises'
import { request } from 'undici'

export const dial = async (port: number) => {
  await sleep(1)
  return (await request(`http://127.0.0.1:${port}/`)).body.text()
}
