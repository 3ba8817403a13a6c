/**
 * Mistake: has one controller for all requests, so that one client that leaves takes the others with it.
 * Replaces: server.ts
 * Killed by: stops the work of a client that hangs up, and of no other
 */
import type { FastifyInstance } from 'fastify'
import { limitServer as correct, type ServerLimits } from '../server.ts'

export * from '../server.ts'

export function limitServer(app: FastifyInstance, limits: ServerLimits): void {
  correct(app, limits)
  const hangUp = new AbortController()
  app.addHook('onRequest', async (request, reply) => {
    request.abortSignal = AbortSignal.any([request.abortSignal, hangUp.signal])
    reply.raw.once('close', () => reply.raw.writableEnded || hangUp.abort(new Error('The client hung up')))
  })
}
