/**
 * Mistake: awaits one hook after the other, and leaves at the first that throws.
 * Replaces: shutdown.ts
 * Killed by: skips none because of one that fails
 */
import type { FastifyInstance } from 'fastify'
import { createShutdown as correct, type Shutdown, type ShutdownOptions } from '../shutdown.ts'

export * from '../shutdown.ts'

export function createShutdown(app: FastifyInstance, { hooks = [], ...options }: ShutdownOptions): Shutdown {
  const close = async (signal: AbortSignal) => {
    for (const hook of hooks.toReversed()) await hook.close(signal)
  }
  return correct(app, { ...options, hooks: [{ name: 'all of them', close }] })
}
