export const dial = async (port: number) => {
  const http: typeof import('node:http') = await import(`node:${'http'}`)
  await new Promise((resolve, reject) =>
    http.get({ host: '127.0.0.1', port }, (answer) => answer.resume().on('end', resolve)).on('error', reject),
  )
}
