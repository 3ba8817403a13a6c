/**
 * Mistake: notes what was read when the answer is over; what comes after it looks like a request that nobody answers.
 * Replaces: connections.ts
 * Killed by: closes a connection whose request was answered before it was read
 */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { type Connections, trackConnections as correct } from '../connections.ts'

export function trackConnections(server: Server): Connections {
  const connections = correct(server)
  const read = new Map<Socket, number>()
  server.on('connection', (socket) => {
    read.set(socket, 0)
    socket.once('close', () => read.delete(socket))
  })
  server.prependListener('request', ({ socket }, answer) => {
    answer.once('close', () => read.set(socket, socket.bytesRead))
  })
  server.closeIdleConnections = () =>
    void setImmediate(() => read.forEach((bytes, socket) => bytes === socket.bytesRead && socket.destroy()))
  return connections
}
