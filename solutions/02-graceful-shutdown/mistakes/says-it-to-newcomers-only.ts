/**
 * Mistake: says `Connection: close` to requests that come later, as Fastify itself does, and to no earlier one.
 * Replaces: connections.ts
 * Killed by: says Connection: close in every answer, also to requests that began before
 */
import type { Server } from 'node:http'
import { type Connections, trackConnections as correct } from '../connections.ts'

export function trackConnections(server: Server): Connections {
  const connections = correct(server)
  let retired = false
  server.prependListener('request', (_request, answer) => {
    if (retired) answer.setHeader('connection', 'close')
  })
  return { ...connections, retire: () => void (retired = true) }
}
