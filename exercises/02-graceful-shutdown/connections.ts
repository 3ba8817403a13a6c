import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

export interface Connections {
  /** From now on each answer says `Connection: close`, those to earlier requests too. */
  retire(): void
  /** Cuts what is left, in flight or not. */
  destroy(): void
}

interface Use {
  /** Begun, and not yet handed to the operating system to its last byte. */
  answers: Set<ServerResponse>
}

/**
 * Follows every connection of `server`, from before it listens. Once the server is closed, a connection that is idle,
 * or becomes so, is closed as well.
 */
export function trackConnections(server: Server): Connections {
  const uses = new Map<Socket, Use>()

  server.on('connection', (socket: Socket) => {
    uses.set(socket, { answers: new Set() })
    socket.once('close', () => uses.delete(socket))
  })
  // First in line: Fastify's own listener may write an answer's headers at once.
  server.prependListener('request', ({ socket }, answer) => {
    const use = uses.get(socket)
    if (!use) return
    use.answers.add(answer)
    answer.once('close', () => use.answers.delete(answer))
  })

  return {
    // All is known, and nothing is done about it.
    retire() {},
    destroy: () => server.closeAllConnections(),
  }
}
