/**
 * Mistake: listens to the socket, which serves the next requests, too, and collects a listener with each.
 * Replaces: server.ts
 * Killed by: leaves nothing on a connection that serves many requests
 */
import type { FastifyInstance } from 'fastify'
import { limitServer as correct, type ServerLimits } from '../server.ts'

export * from '../server.ts'

export function limitServer(app: FastifyInstance, limits: ServerLimits): void {
  correct(app, limits)
  app.addHook('onRequest', async (request) => {
    const hangUp = new AbortController()
    request.raw.socket.setMaxListeners(0).once('close', () => hangUp.abort(new Error('The client hung up')))
    request.abortSignal = AbortSignal.any([request.abortSignal, hangUp.signal])
  })
}
