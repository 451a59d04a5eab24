import { createServer, type Socket } from 'node:net'

export interface FakePostgres {
  url: string
  stop(): Promise<void>
}

/** Speaks just enough of the protocol to let anybody in and to answer every simple query with one value. */
export async function startFakePostgres(answer: string): Promise<FakePostgres> {
  return listen((socket) => {
    let greeted = false
    socket.on('data', () => {
      if (greeted)
        socket.write(Buffer.concat([columnNamed('version'), message('D', int16(1), text4(answer)), message('C', zero('SELECT 1')), ready]))
      else socket.write(Buffer.concat([message('R', int32(0)), message('S', zero('server_version'), zero('14.0')), ready]))
      greeted = true
    })
  })
}

/** Takes connections and says nothing. */
export async function startSilentServer(): Promise<FakePostgres> {
  return listen(() => {})
}

async function listen(onConnection: (socket: Socket) => void): Promise<FakePostgres> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    onConnection(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return {
    url: `postgresql://postgres:never-to-be-shown@127.0.0.1:${port}/postgres`,
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const int16 = (value: number) => Buffer.from([value >> 8, value & 0xff])
const int32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
const zero = (text: string) => Buffer.from(`${text}\0`)
const text4 = (text: string) => Buffer.concat([int32(text.length), Buffer.from(text)])

/** A type letter, then the length of all that follows it. */
function message(type: string, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body])
}

const int4Oid = 23
const columnNamed = (name: string) => message('T', int16(1), zero(name), int32(0), int16(0), int32(int4Oid), int16(4), int32(-1), int16(0))
const ready = message('Z', Buffer.from('I'))
