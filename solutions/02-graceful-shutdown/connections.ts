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
  /** The socket's `bytesRead` when the last request was over: one byte more, and there is a new request. */
  bytesRead: number
}

/** A client may send an empty line between two requests (RFC 9112, section 2.2). Nobody sends less of a request. */
const EMPTY_LINE_BYTES = 2

/**
 * Follows every connection of `server`, from before it listens, and teaches it what an idle connection is. Once the
 * server is closed, a connection that is idle, or becomes so, is closed as well.
 *
 * Node's own idea of idle (24) leaves out a connection on which nothing was ever sent, for which `close` then waits for
 * ever, and takes in one whose answer has ended but is still on its way, so that a slow reader gets half of it.
 */
export function trackConnections(server: Server): Connections {
  const uses = new Map<Socket, Use>()
  let retired = false

  const follow = (socket: Socket) => {
    uses.set(socket, { answers: new Set(), bytesRead: 0 })
    socket.once('close', () => uses.delete(socket))
  }
  const closeIfIdle = ({ answers, bytesRead }: Use, socket: Socket) => {
    if (answers.size === 0 && socket.bytesRead - bytesRead <= EMPTY_LINE_BYTES) socket.destroy()
  }
  // A request that lies in the kernel's buffer would be answered with a reset. Two turns of the event loop, as we may be
  // in the middle of the first one's reading.
  const afterReading = (judge: () => void) => void setImmediate(() => setImmediate(judge))

  const retire = (answer: ServerResponse) => {
    if (answer.headersSent) return
    // Ours is the last word: a handler may say `Connection: keep-alive`, as event streams like to.
    const { setHeader } = answer
    answer.setHeader = (name, value) => setHeader.call(answer, name, /^connection$/i.test(name) ? 'close' : value)
    answer.setHeader('connection', 'close')
  }

  server.on('connection', follow).on('secureConnection', follow)
  // First in line: a handler that writes its headers at once must find ours already there.
  server.prependListener('request', (request, answer) => {
    const { socket } = request
    const use = uses.get(socket)
    if (!use) return
    use.answers.add(answer)
    if (retired) retire(answer)

    // It began before the shutdown and promised keep-alive: nobody else will close this one for a minute.
    const settle = () => void (server.listening || afterReading(() => closeIfIdle(use, socket)))
    // Not with the answer, which may come before the request's body has: that is the old request, not a new one.
    request.once('close', () => {
      use.bytesRead = socket.bytesRead
      settle()
    })
    answer.once('close', () => {
      use.answers.delete(answer)
      settle()
    })
  })

  // Node's close() calls this, and with it Fastify's.
  server.closeIdleConnections = () => afterReading(() => uses.forEach(closeIfIdle))

  return {
    retire() {
      retired = true
      for (const { answers } of uses.values()) answers.forEach(retire)
    },
    destroy() {
      for (const socket of uses.keys()) socket.destroy()
    },
  }
}
