/**
 * Mistake: has a limit for the requests, but not for the plugins that close behind them.
 * Replaces: shutdown.ts
 * Killed by: closes the plugins as well, in the time of the requests
 */
import type { FastifyInstance } from 'fastify'
import { createShutdown as correct, type Shutdown, type ShutdownOptions } from '../shutdown.ts'

export * from '../shutdown.ts'

export function createShutdown(app: FastifyInstance, options: ShutdownOptions): Shutdown {
  const { deadlineMs, hooks = [], drainDelayMs } = options
  // The hooks have their time once the plugins have had it all.
  const others = hooks.reduce((sum, { timeoutMs = 1000 }) => sum + timeoutMs, drainDelayMs)
  return correct(app, { ...options, deadlineMs: deadlineMs + others })
}
