/**
 * Mistake: closes in the order of opening: the database goes before the worker that writes to it.
 * Replaces: shutdown.ts
 * Killed by: runs the hooks in reverse order, one after the other, once the last answer is out
 */
import type { FastifyInstance } from 'fastify'
import { createShutdown as correct, type Shutdown, type ShutdownOptions } from '../shutdown.ts'

export * from '../shutdown.ts'

export function createShutdown(app: FastifyInstance, { hooks = [], ...options }: ShutdownOptions): Shutdown {
  return correct(app, { ...options, hooks: hooks.toReversed() })
}
