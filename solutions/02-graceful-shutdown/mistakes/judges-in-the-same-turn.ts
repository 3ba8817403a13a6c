/**
 * Mistake: asks who is idle before it has read what has arrived, and resets a request that was there.
 * Replaces: connections.ts
 * Killed by: answers a request that lies in the kernel and was not read yet
 */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { type Connections, trackConnections as correct } from '../connections.ts'

export function trackConnections(server: Server): Connections {
  const connections = correct(server)
  const idle = new Map<Socket, number>()
  server.on('connection', (socket) => {
    idle.set(socket, 0)
    socket.once('close', () => idle.delete(socket))
  })
  server.prependListener('request', ({ socket }, answer) => {
    idle.delete(socket)
    answer.once('close', () => socket.destroyed || idle.set(socket, socket.bytesRead))
  })
  server.closeIdleConnections = () =>
    idle.forEach((bytesRead, socket) => bytesRead === socket.bytesRead && socket.destroy())
  return connections
}
