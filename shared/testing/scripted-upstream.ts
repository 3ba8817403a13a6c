import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { http } from './http.ts'
import { eventually } from './outcome.ts'

/** For chapter 10: an upstream that does what the path says, and knows who has come. */
export interface ScriptedUpstream {
  origin: string
  /** Connections that were opened, so far; also those on which nothing was ever sent. */
  readonly opened: number
  /** Those that are open. */
  readonly open: number
  /** The most that were open at a time. */
  readonly most: number
  /** What was asked for, in its order. */
  readonly paths: string[]
  /** Requests of `/hang` that have no answer yet. */
  readonly hanging: number
  /** Answers the oldest of these. */
  release(): Promise<void>
  /** From now on each request, or only the next one, meets a socket that ends without a word, or is reset. */
  dies(once?: boolean, by?: 'destroy' | 'resetAndDestroy'): void
  /** Closes all that are open. */
  hangUp(): void
}

const BIG = Buffer.alloc(2 ** 20, 'x')

/**
 * - `/hang` has no answer until `release`
 * - `/big` has a megabyte
 * - `/half` is cut off after half of its body, `/word` in the middle of its status line
 * - `/last` has `ok`, and is the last on its connection
 * - all others have `ok`
 */
export async function scriptedUpstream(): Promise<ScriptedUpstream> {
  const paths: string[] = []
  const hanging: ServerResponse[] = []
  const sockets = new Set<Socket>()
  let opened = 0
  let most = 0
  let deaths = 0
  let death: 'destroy' | 'resetAndDestroy' = 'destroy'
  const server = http.createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    const { url = '' } = request
    paths.push(url)
    request.resume()
    if (deaths > 0) {
      deaths--
      return request.socket[death]()
    }
    if (url === '/hang') {
      hanging.push(response)
      response.once('close', () => hanging.includes(response) && hanging.splice(hanging.indexOf(response), 1))
    } else if (url === '/half') {
      response.writeHead(200, { 'content-length': 8 }).write('half')
      setImmediate(() => request.socket.destroy())
    } else if (url === '/word') request.socket.end('HTTP/1.')
    else if (url === '/last') response.writeHead(200, { connection: 'close' }).end('ok')
    else response.end(url === '/big' ? BIG : 'ok')
  })
  server.on('connection', (socket) => {
    opened++
    sockets.add(socket)
    most = Math.max(most, sockets.size)
    socket.on('error', () => {}).once('close', () => sockets.delete(socket))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(async () => {
    const closed = once(server.close(), 'close')
    for (const socket of sockets) socket.destroy()
    await closed
  })
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    paths,
    get opened() {
      return opened
    },
    get open() {
      return sockets.size
    },
    get most() {
      return most
    },
    get hanging() {
      return hanging.length
    },
    async release() {
      const before = hanging.length
      hanging[0]?.end('ok')
      await eventually(() => hanging.length < before)
    },
    dies(isOnce = false, by = 'destroy') {
      deaths = isOnce ? 1 : Infinity
      death = by
    },
    hangUp() {
      for (const socket of sockets) socket.destroy()
    },
  }
}
