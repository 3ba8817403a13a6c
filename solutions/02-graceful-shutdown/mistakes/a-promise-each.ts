/**
 * Mistake: gives each caller a promise of its own, and who compares them runs it twice.
 * Replaces: shutdown.ts
 * Killed by: gives everybody who begins it the same promise
 */
import type { FastifyInstance } from 'fastify'
import { createShutdown as correct, type Shutdown, type ShutdownOptions } from '../shutdown.ts'

export * from '../shutdown.ts'

export function createShutdown(app: FastifyInstance, options: ShutdownOptions): Shutdown {
  const shutdown = correct(app, options)
  return {
    get ready() {
      return shutdown.ready
    },
    signal: shutdown.signal,
    // A new promise each time, which is what `async` is for.
    async begin(reason) {
      return shutdown.begin(reason)
    },
    install: shutdown.install,
  }
}
