/**
 * Mistake: takes each byte for a request that has begun, also those of an empty line between two.
 * Replaces: connections.ts
 * Killed by: takes an empty line between requests for no request
 */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { type Connections, trackConnections as correct } from '../connections.ts'

export function trackConnections(server: Server): Connections {
  const connections = correct(server)
  const bytes = new Map<Socket, number>()
  server.on('connection', (socket: Socket) => bytes.set(socket, 0))
  server.on('request', (request) => request.once('close', () => bytes.set(request.socket, request.socket.bytesRead)))
  server.closeIdleConnections = () =>
    bytes.forEach((read, socket) => setImmediate(() => socket.bytesRead === read && socket.destroy()))
  return connections
}
