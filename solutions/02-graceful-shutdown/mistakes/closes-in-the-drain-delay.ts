/**
 * Mistake: closes behind an answer as soon as the shutdown has begun: its client was promised keep-alive, and its next
 * request, which could still be served, meets a reset.
 * Replaces: connections.ts
 * Killed by: says Connection: close in every answer, also to requests that began before
 */
import type { Server } from 'node:http'
import { type Connections, trackConnections as correct } from '../connections.ts'

export function trackConnections(server: Server): Connections {
  const connections = correct(server)
  let retired = false
  server.prependListener('request', ({ socket }, answer) => {
    answer.once('close', () => void (retired && socket.destroy()))
  })
  return {
    ...connections,
    retire() {
      retired = true
      connections.retire()
    },
  }
}
