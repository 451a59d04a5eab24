const { fetch: get } = globalThis

export const dial = async (port: number) => (await get(`http://127.0.0.1:${port}/`)).text()
