/**
 * Mistake: ends an idle connection and waits for its client to do the same, which one that has gone away never does.
 * Replaces: connections.ts
 * Killed by: does not wait for a client that leaves its own side open
 */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { type Connections, trackConnections as correct } from '../connections.ts'

export function trackConnections(server: Server): Connections {
  server.on('connection', (socket: Socket) => Object.assign(socket, { destroy: () => socket.end() }))
  return correct(server)
}
