/**
 * Mistake: sets the header first, and whatever the handler sets comes after it.
 * Replaces: connections.ts
 * Killed by: says Connection: close where a handler says keep-alive
 */
import { type Server, ServerResponse } from 'node:http'
import { type Connections, trackConnections as correct } from '../connections.ts'

export function trackConnections(server: Server): Connections {
  const connections = correct(server)
  server.prependListener('request', (_, answer) => {
    Object.defineProperty(answer, 'setHeader', { get: () => ServerResponse.prototype.setHeader, set() {} })
  })
  return connections
}
