import { connect, createServer, type Socket } from 'node:net'

/** How long what a client sends is held, so that everything it sends without waiting counts as one flight. */
const gatherMs = 20

export interface DatabaseProxy {
  connections: number
  flights: number
  /** The same address by way of this proxy. */
  through(url: string): string
  /** Passes nothing on any more over the connections that are open, and closes none: as a firewall that forgot them. */
  silence(): void
  /** Breaks every connection. */
  cut(): void
  stop(): void
}

/** Stands between a client and the server of `serverUrl`: counts, and cuts when told to. */
export async function startDatabaseProxy(serverUrl: string): Promise<DatabaseProxy> {
  const { hostname, port } = new URL(serverUrl)
  const sockets = new Set<Socket>()
  const silenced = new WeakSet<Socket>()

  const server = createServer((client) => {
    proxy.connections++
    const upstream = connect(Number(port), hostname)
    let held: Buffer[] = []
    const pass = () => {
      if (silenced.has(client)) return
      proxy.flights++
      upstream.write(Buffer.concat(held))
      held = []
    }
    client.on('data', (chunk) => {
      if (held.push(chunk) === 1) setTimeout(pass, gatherMs)
    })
    upstream.on('data', (chunk) => silenced.has(client) || client.write(chunk))
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one)
      one.on('error', () => {})
      one.on('close', () => other.destroy())
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const ownPort = typeof address === 'object' && address ? address.port : 0

  const proxy: DatabaseProxy = {
    connections: 0,
    flights: 0,
    through(url) {
      const changed = new URL(url)
      changed.host = `127.0.0.1:${ownPort}`
      return changed.href
    },
    silence() {
      for (const socket of sockets) silenced.add(socket)
    },
    cut() {
      for (const socket of sockets) socket.destroy()
      sockets.clear()
    },
    stop() {
      proxy.cut()
      server.close()
    },
  }
  return proxy
}
