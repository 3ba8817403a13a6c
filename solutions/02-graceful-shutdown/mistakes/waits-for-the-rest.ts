/**
 * Mistake: looks for idle connections when an answer ends, and not when the rest of a refused upload has come.
 * Replaces: connections.ts
 * Killed by: closes a connection whose request was answered before it was read
 */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Connections } from '../connections.ts'

export function trackConnections(server: Server): Connections {
  const uses = new Map<Socket, { answers: number; read: number }>()
  server.on('connection', (socket) => {
    uses.set(socket, { answers: 0, read: 0 })
    socket.once('close', () => uses.delete(socket))
  })
  const closeIdle = () =>
    setImmediate(() => {
      for (const [socket, { answers, read }] of uses) if (!answers && socket.bytesRead - read < 3) socket.destroy()
    })
  server.prependListener('request', (request, answer) => {
    const { socket } = request
    const use = uses.get(socket)!
    use.answers++
    request.once('close', () => (use.read = socket.bytesRead))
    answer.once('close', () => {
      use.answers--
      if (!server.listening) closeIdle()
    })
  })
  server.closeIdleConnections = closeIdle
  return { retire() {}, destroy: () => server.closeAllConnections() }
}
