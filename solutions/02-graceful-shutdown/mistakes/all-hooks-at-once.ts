/**
 * Mistake: closes everything at the same time, since that is faster.
 * Replaces: shutdown.ts
 * Killed by: runs the hooks in reverse order, one after the other, once the last answer is out
 */
import type { FastifyInstance } from 'fastify'
import { createShutdown as correct, type Shutdown, type ShutdownOptions } from '../shutdown.ts'

export * from '../shutdown.ts'

export function createShutdown(app: FastifyInstance, { hooks = [], ...options }: ShutdownOptions): Shutdown {
  const close = (signal: AbortSignal) => Promise.all(hooks.toReversed().map((hook) => hook.close(signal)))
  return correct(app, { ...options, hooks: [{ name: 'all of them', close }] })
}
