/**
 * Replaces: connections.ts
 *
 * Hears of the answers by Node's diagnostics channel, and closes by way of `close` instead of `closeIdleConnections`.
 */
import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Connections } from '../connections.ts'

export * from '../connections.ts'

interface Exchange {
  request: IncomingMessage
  response: ServerResponse
  socket: Socket
  server: Server
}

export function trackConnections(server: Server): Connections {
  /** For each socket what it has read while it was idle; undefined while it answers. */
  const idle = new Map<Socket, number | undefined>()
  const answers = new Map<ServerResponse, Socket>()
  let retired = false
  let closed = false
  /** Goes through what is handed to `writeHead`, where a handler's own header would be the last one. */
  const say = (response: ServerResponse) => {
    const { writeHead } = response
    response.writeHead = (status: number, ...rest: unknown[]) => {
      const headers = typeof rest.at(-1) === 'object' ? rest.pop() : {}
      for (const [name, value] of Object.entries(headers as Record<string, string>)) response.setHeader(name, value)
      response.setHeader('connection', 'close')
      return writeHead.call(response, status, ...(rest as []))
    }
  }
  // An empty line is no request.
  const isIdle = (socket: Socket, bytes = -Infinity) => socket.bytesRead <= bytes + 2
  const sweep = () => idle.forEach((bytes, socket) => isIdle(socket, bytes) && socket.destroy())
  /** Some give the last bytes a moment. */
  const sweepSoon = () => void setTimeout(sweep, 10)

  server.on('connection', (socket: Socket) => {
    idle.set(socket, 0)
    socket.on('close', () => idle.delete(socket))
  })
  subscribe('http.server.request.start', (message) => {
    const { request, response, socket, server: of } = message as Exchange
    if (of !== server) return
    idle.set(socket, undefined)
    answers.set(response, socket)
    const note = () => [...answers.values()].includes(socket) || idle.set(socket, socket.bytesRead)
    // The answer may come first, and the rest of the request after it.
    request.on('close', note)
    if (retired) say(response)
    response.on('close', () => {
      answers.delete(response)
      if (socket.destroyed) return
      note()
      if (closed) sweepSoon()
    })
  })
  const close = server.close.bind(server)
  server.close = (callback) => {
    server.closeIdleConnections = () => {}
    closed = true
    sweepSoon()
    return close(callback)
  }

  return {
    retire() {
      retired = true
      for (const response of answers.keys()) say(response)
    },
    destroy() {
      for (const socket of idle.keys()) socket.destroy()
    },
  }
}
