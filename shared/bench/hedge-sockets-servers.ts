// The servers of hedge-sockets.ts, on a thread of their own: it sends their ports, and on any message what they saw since.
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isMainThread, parentPort } from 'node:worker_threads'
import { ATTEMPT_HEADER } from '#chapters/06-hedged-requests/hedge.ts'
import { randomFor } from '../carriers/latency.ts'

export const REPLICAS = 20

/** Of a thousand requests, 980 take 5 to 15 ms, 17 take 50 to 100 ms, and 3 a second: by the request, not by its order. */
function delayMs(request: string): number {
  const random = randomFor(1, request)
  const draw = random()
  const within = random()
  if (draw < 0.003) return 1_000
  return draw < 0.02 ? 50 + 50 * within : 5 + 10 * within
}

/** What the servers saw. */
export interface Seen {
  started: number
  answered: number
  /** The client closed the connection before the answer. */
  aborted: number
  /** Sockets open. */
  sockets: number
}

async function serve(port: NonNullable<typeof parentPort>): Promise<void> {
  const seen: Seen = { started: 0, answered: 0, aborted: 0, sockets: 0 }
  const listener: RequestListener = (req, res) => {
    seen.started++
    const timer = setTimeout(() => res.end('ok'), delayMs(`${req.url} ${req.headers[ATTEMPT_HEADER]}`))
    res.once('close', () => {
      clearTimeout(timer)
      seen[res.writableFinished ? 'answered' : 'aborted']++
    })
  }
  const servers = Array.from({ length: REPLICAS }, () => createServer(listener).listen(0, '127.0.0.1'))
  for (const server of servers) {
    server.on('connection', (socket) => {
      seen.sockets++
      socket.once('close', () => seen.sockets--)
    })
  }
  await Promise.all(servers.map((server) => once(server, 'listening')))
  port.postMessage(servers.map((server) => (server.address() as AddressInfo).port))
  port.on('message', () => {
    port.postMessage(seen)
    Object.assign(seen, { started: 0, answered: 0, aborted: 0 })
  })
}

if (!isMainThread && parentPort) await serve(parentPort)
