/**
 * Mistake: lets `Connection: close` end the connections, which an answer that had begun before does not say.
 * Replaces: connections.ts
 * Killed by: ends the connection of an answer whose headers were out already
 */
import type { Server, ServerResponse } from 'node:http'
import { type Connections, trackConnections as correct } from '../connections.ts'

export function trackConnections(server: Server): Connections {
  const connections = correct(server)
  const answers = new Set<ServerResponse>()
  let retired = false
  const retire = (answer: ServerResponse) => answer.headersSent || answer.setHeader('connection', 'close')
  // Instead of the listener that would also close it, which is the first.
  const [first] = server.listeners('request')
  server.off('request', first as () => void)
  server.prependListener('request', (_request, answer) => {
    answers.add(answer)
    answer.once('close', () => answers.delete(answer))
    if (retired) retire(answer)
  })
  return {
    ...connections,
    retire() {
      retired = true
      answers.forEach(retire)
    },
  }
}
