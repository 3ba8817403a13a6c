/**
 * Mistake: takes the request's close for the client's: it comes as soon as a body has been read.
 * Replaces: server.ts
 * Killed by: does not mistake a normal end for a client that hung up
 */
import type { FastifyInstance } from 'fastify'
import { limitServer as correct, type ServerLimits } from '../server.ts'

export * from '../server.ts'

export function limitServer(app: FastifyInstance, limits: ServerLimits): void {
  correct(app, limits)
  app.addHook('onRequest', async (request) => {
    const hangUp = new AbortController()
    request.raw.once('close', () => hangUp.abort(new Error('The client hung up')))
    request.abortSignal = AbortSignal.any([request.abortSignal, hangUp.signal])
  })
}
