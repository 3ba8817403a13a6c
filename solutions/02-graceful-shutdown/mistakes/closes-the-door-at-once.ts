/**
 * Mistake: stops listening in the moment in which it fails readiness, of which nobody has heard yet.
 * Replaces: shutdown.ts
 * Killed by: goes on serving for the drain delay, and then stops listening
 */
import type { FastifyInstance } from 'fastify'
import { createShutdown as correct, type Shutdown, type ShutdownOptions } from '../shutdown.ts'

export * from '../shutdown.ts'

export function createShutdown(app: FastifyInstance, options: ShutdownOptions): Shutdown {
  return correct(app, { ...options, drainDelayMs: 0 })
}
