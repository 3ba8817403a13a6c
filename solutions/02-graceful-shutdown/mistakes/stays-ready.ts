/**
 * Mistake: copies the state into an object, where `ready` stays what it was when the service started.
 * Replaces: shutdown.ts
 * Killed by: is not ready from the first moment on, and stays alive
 */
import type { FastifyInstance } from 'fastify'
import { createShutdown as correct, type Shutdown, type ShutdownOptions } from '../shutdown.ts'

export * from '../shutdown.ts'

export function createShutdown(app: FastifyInstance, options: ShutdownOptions): Shutdown {
  return { ...correct(app, options) }
}
