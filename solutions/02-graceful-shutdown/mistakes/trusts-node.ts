/**
 * Mistake: leaves it to Node which connections are idle: one whose answer is ended but not yet sent is, to Node.
 * Replaces: connections.ts
 * Killed by: does not cut an answer that is still on its way out
 */
import type { Server } from 'node:http'
import { type Connections, trackConnections as correct } from '../connections.ts'

export function trackConnections(server: Server): Connections {
  const { closeIdleConnections } = server
  const connections = correct(server)
  server.closeIdleConnections = closeIdleConnections
  return connections
}
