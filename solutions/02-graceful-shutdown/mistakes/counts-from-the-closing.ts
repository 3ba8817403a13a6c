/**
 * Mistake: starts the clock when the drain delay is over; the supervisor has started its own at the signal.
 * Replaces: shutdown.ts
 * Killed by: counts the drain delay and the hooks as well
 */
import type { FastifyInstance } from 'fastify'
import { createShutdown as correct, type Shutdown, type ShutdownOptions } from '../shutdown.ts'

export * from '../shutdown.ts'

export function createShutdown(app: FastifyInstance, options: ShutdownOptions): Shutdown {
  return correct(app, { ...options, deadlineMs: options.deadlineMs + options.drainDelayMs })
}
