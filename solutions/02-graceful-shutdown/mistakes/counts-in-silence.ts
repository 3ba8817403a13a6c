/**
 * Mistake: counts an error that comes in the middle of a shutdown, and does not write it down.
 * Replaces: shutdown.ts
 * Killed by: remembers an error that comes in the middle of a shutdown
 */
import type { FastifyInstance } from 'fastify'
import { createShutdown as correct, type Shutdown, type ShutdownOptions } from '../shutdown.ts'

export * from '../shutdown.ts'

export function createShutdown(app: FastifyInstance, options: ShutdownOptions): Shutdown {
  const error = (...line: [object, string]) => void (shutdown.ready && app.log.error(...line))
  const log = Object.create(app.log, { error: { value: error } })
  const shutdown = correct(Object.create(app, { log: { value: log } }), options)
  return shutdown
}
