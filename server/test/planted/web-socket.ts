export const dial = (port: number) =>
  new Promise<void>((resolve) => {
    new WebSocket(`ws://127.0.0.1:${port}/`).onerror = () => resolve()
  })
