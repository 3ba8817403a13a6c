/**
 * Mistake: takes a connection without an answer for idle, as stoppable and http-terminator do: half of a request may be there.
 * Replaces: connections.ts
 * Killed by: does not cut a request that is still on its way in
 */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { type Connections, trackConnections as correct } from '../connections.ts'

export function trackConnections(server: Server): Connections {
  const connections = correct(server)
  const answering = new Map<Socket, number>()
  server.on('connection', (socket) => {
    answering.set(socket, 0)
    socket.once('close', () => answering.delete(socket))
  })
  server.prependListener('request', ({ socket }, answer) => {
    answering.set(socket, answering.get(socket)! + 1)
    answer.once('close', () => answering.set(socket, answering.get(socket)! - 1))
  })
  server.closeIdleConnections = () =>
    void setImmediate(() => answering.forEach((count, socket) => count === 0 && socket.destroy()))
  return connections
}
