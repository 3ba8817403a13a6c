/**
 * Mistake: counts an answer as done when the handler has ended it; most of it may still wait for a slow reader.
 * Replaces: connections.ts
 * Killed by: does not cut an answer that is still on its way out
 */
import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { type Connections, trackConnections as correct } from '../connections.ts'

export function trackConnections(server: Server): Connections {
  const connections = correct(server)
  const answers = new Map<Socket, ServerResponse>()
  server.prependListener('request', ({ socket }, answer) => {
    answers.set(socket, answer)
    socket.once('close', () => answers.delete(socket))
  })
  const { closeIdleConnections } = server
  server.closeIdleConnections = () => {
    closeIdleConnections()
    answers.forEach((answer, socket) => answer.writableEnded && socket.destroy())
  }
  return connections
}
