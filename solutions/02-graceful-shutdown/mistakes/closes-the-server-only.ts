/**
 * Mistake: closes Node's server and not Fastify's: no plugin hears of it.
 * Replaces: shutdown.ts
 * Killed by: closes the plugins as well, in the time of the requests
 */
import type { FastifyInstance } from 'fastify'
import { createShutdown as correct, type Shutdown, type ShutdownOptions } from '../shutdown.ts'

export * from '../shutdown.ts'

export function createShutdown(app: FastifyInstance, options: ShutdownOptions): Shutdown {
  const close = () => new Promise((resolve) => app.server.close(resolve))
  return correct(Object.create(app, { close: { value: close } }), options)
}
