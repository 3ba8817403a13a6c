/**
 * Mistake: closes behind an answer in the moment in which it ends; the next request may have arrived by then.
 * Replaces: connections.ts
 * Killed by: answers a request that comes in the moment in which an answer from before the signal ends
 */
import type { Server } from 'node:http'
import { type Connections, trackConnections as correct } from '../connections.ts'

export function trackConnections(server: Server): Connections {
  server.prependListener('request', ({ socket }, answer) => {
    answer.once('close', () => server.listening || socket.destroy())
  })
  return correct(server)
}
