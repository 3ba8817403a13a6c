/**
 * Mistake: takes a plugin that could not close for one that did, so that nothing stands in the way of the exit.
 * Replaces: shutdown.ts
 * Killed by: goes on after a plugin that fails to close, and does not exit with 0
 */
import type { FastifyInstance } from 'fastify'
import { createShutdown as correct, type Shutdown, type ShutdownOptions } from '../shutdown.ts'

export * from '../shutdown.ts'

export function createShutdown(app: FastifyInstance, options: ShutdownOptions): Shutdown {
  const close = () => app.close().catch(() => {})
  return correct(Object.create(app, { close: { value: close } }), options)
}
