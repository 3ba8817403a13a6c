/**
 * Mistake: makes limits that do not add up add up, so that the supervisor is the one to find out.
 * Replaces: shutdown.ts
 * Killed by: refuses limits that do not add up
 */
import type { FastifyInstance } from 'fastify'
import { createShutdown as correct, type Shutdown, type ShutdownOptions } from '../shutdown.ts'

export * from '../shutdown.ts'

export function createShutdown(app: FastifyInstance, options: ShutdownOptions): Shutdown {
  const hooksMs = (options.hooks ?? []).reduce((sum, { timeoutMs = 1000 }) => sum + timeoutMs, 0)
  const deadlineMs = Math.max(options.deadlineMs, options.drainDelayMs + hooksMs + 1)
  return correct(app, { ...options, deadlineMs })
}
