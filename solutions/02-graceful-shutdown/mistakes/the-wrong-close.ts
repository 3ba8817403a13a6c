/**
 * Mistake: takes the request's `close` for the end of the exchange; it comes as soon as a body has been read.
 * Replaces: connections.ts
 * Killed by: closes connections that are idle, and those that were never used
 */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { type Connections, trackConnections as correct } from '../connections.ts'

export function trackConnections(server: Server): Connections {
  const connections = correct(server)
  const idle = new Set<Socket>()
  server.prependListener('request', (request) => {
    const { socket } = request
    idle.delete(socket)
    request.once('close', () => idle.add(socket))
  })
  const { closeIdleConnections } = server
  server.closeIdleConnections = () => {
    closeIdleConnections()
    setImmediate(() => idle.forEach((socket) => socket.destroy()))
  }
  return connections
}
