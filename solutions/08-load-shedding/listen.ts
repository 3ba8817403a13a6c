import { once } from 'node:events'
import type { Server } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'

/**
 * Opens further listening sockets on the address of `server`, which must listen with `reusePort: true`, and closes them
 * with it, which calls back when the connections of all of them have ended. libuv accepts one connection for each of them and
 * turn of the event loop: with one, a loop that takes long turns leaves its newcomers in the kernel's queue, where nobody can
 * refuse them, and begins them when they have given up.
 *
 * Linux spreads connections over the sockets of a port; where the system does not, or the port is not shared, there is one, as
 * before.
 *
 * @param handles how many are to listen, the first included
 * @param backlog connections that wait in each of them to be accepted; Node's default. Too many of them wait for longer than
 *   anybody waits for an answer.
 * @returns how many listen now, the first included
 */
export async function listenMore(server: Server, handles = 8, backlog = 511): Promise<number> {
  const { port, address: host } = server.address() as AddressInfo
  const others = Array.from({ length: handles - 1 }, () =>
    // As those of Node's HTTP server: what a connection is that its client has half closed is for `server` to say.
    createServer({ allowHalfOpen: true, noDelay: true }, (socket) => server.emit('connection', socket)),
  )
  const listening = await Promise.all(
    others.map(async (other) => {
      try {
        await once(other.listen({ port, host, reusePort: true, backlog }), 'listening')
        return true
      } catch {
        return false
      }
    }),
  )
  // Closed in the meantime: nobody would close them any more.
  if (!server.listening) for (const other of others) other.close()
  // Not on its `close` event, which comes when the last of its own connections has ended.
  const { close } = server
  server.close = (callback) => {
    // A connection counts where it was accepted: whoever exits when the server is closed would cut off those of the others.
    let open = others.length + 1
    let failed: Error | undefined
    const onClosed = () => {
      if (--open === 0) callback?.(failed)
    }
    for (const other of others) other.close(onClosed)
    return close.call(server, (error) => {
      failed = error
      onClosed()
    })
  }
  return 1 + listening.filter(Boolean).length
}
