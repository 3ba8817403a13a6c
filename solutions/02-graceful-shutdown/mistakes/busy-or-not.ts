/**
 * Mistake: has one mark for each connection, busy or not: the first of two answers on it wipes it off.
 * Replaces: connections.ts
 * Killed by: closes connections that are idle, and those that were never used
 */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { type Connections, trackConnections as correct } from '../connections.ts'

export function trackConnections(server: Server): Connections {
  const connections = correct(server)
  const busy = new Map<Socket, boolean>()
  server.on('connection', (socket) => busy.set(socket, false))
  server.prependListener('request', ({ socket }, answer) => {
    busy.set(socket, true)
    answer.once('close', () => busy.set(socket, false))
  })
  server.closeIdleConnections = () =>
    void setImmediate(() => busy.forEach((isBusy, socket) => isBusy || socket.destroy()))
  return connections
}
