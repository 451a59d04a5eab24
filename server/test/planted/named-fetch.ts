export const dial = async (port: number) => (await fetch(`http://127.0.0.1:${port}/`)).text()
