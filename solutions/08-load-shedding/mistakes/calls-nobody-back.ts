/**
 * Mistake: forgets the callback of close(), for which Fastify waits for ever.
 * Replaces: listen.ts
 * Killed by: serves those who come in by any of them, and closes all of them together
 */
import { once } from 'node:events'
import type { Server } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'

/**
 * Opens further listening sockets on the address of `server`, which must listen with `reusePort: true`, and closes them
 * with it. libuv accepts one connection for each of them and turn of the event loop: with one, a loop that takes long turns
 * leaves its newcomers in the kernel's queue, where nobody can refuse them, and begins them when they have given up.
 *
 * Linux spreads connections over the sockets of a port; where the system does not, there is one, as before.
 *
 * @returns how many listen now, the first included
 */
export async function listenMore(server: Server, handles = 8): Promise<number> {
  const { port, address: host } = server.address() as AddressInfo
  const others = Array.from({ length: handles - 1 }, () =>
    // As Node's own: whoever has sent all of their request may still want the answer.
    createServer({ allowHalfOpen: true, noDelay: true }, (socket) => server.emit('connection', socket)),
  )
  const listening = await Promise.all(
    others.map(async (other) => {
      try {
        await once(other.listen({ port, host, reusePort: true }), 'listening')
        return true
      } catch {
        return false
      }
    }),
  )
  // Not on its `close` event, which comes when the last connection has ended.
  const { close } = server
  server.close = () => {
    for (const other of others) other.close()
    return close.call(server)
  }
  return 1 + listening.filter(Boolean).length
}
