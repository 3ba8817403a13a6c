/**
 * Mistake: knows the connections that have made a request, and waits for ever for those that never do.
 * Replaces: connections.ts
 * Killed by: closes connections that are idle, and those that were never used
 */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { type Connections, trackConnections as correct } from '../connections.ts'

export function trackConnections(server: Server): Connections {
  const connections = correct(server)
  const answering = new Map<Socket, number>()
  server.prependListener('request', ({ socket }, answer) => {
    answering.set(socket, (answering.get(socket) ?? 0) + 1)
    socket.once('close', () => answering.delete(socket))
    answer.once('close', () => answering.set(socket, answering.get(socket)! - 1))
  })
  server.closeIdleConnections = () => answering.forEach((count, socket) => count === 0 && socket.destroy())
  return connections
}
