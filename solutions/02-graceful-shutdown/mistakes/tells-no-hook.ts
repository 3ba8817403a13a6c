/**
 * Mistake: stops waiting for a hook, and lets it go on into what is closed next.
 * Replaces: shutdown.ts
 * Killed by: gives each hook its time, and tells it when that is over
 */
import type { FastifyInstance } from 'fastify'
import { createShutdown as correct, type Shutdown, type ShutdownOptions } from '../shutdown.ts'

export * from '../shutdown.ts'

export function createShutdown(app: FastifyInstance, { hooks = [], ...options }: ShutdownOptions): Shutdown {
  const { signal } = new AbortController()
  const untold = hooks.map((hook) => ({ ...hook, close: () => hook.close(signal) }))
  return correct(app, { ...options, hooks: untold })
}
