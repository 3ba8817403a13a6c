/**
 * Mistake: gives the whole body the time that is meant for the pause between two chunks.
 * Replaces: server.ts
 * Killed by: is patient with a body that is slow, but comes
 */
import type { FastifyInstance } from 'fastify'
import { limitServer as correct, type ServerLimits } from '../server.ts'

export * from '../server.ts'

export function limitServer(app: FastifyInstance, limits: ServerLimits): void {
  correct(app, limits)
  app.addHook('preParsing', async (request, reply, payload) => {
    const timer = setTimeout(() => request.raw.destroy(), limits.bodyChunkMs)
    for (const end of ['end', 'close'] as const) request.raw.once(end, () => clearTimeout(timer))
    reply.raw.once('close', () => clearTimeout(timer))
    return payload
  })
}
