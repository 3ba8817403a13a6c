/**
 * Mistake: waits for streams to end, which they do when the reader has had enough.
 * Replaces: shutdown.ts
 * Killed by: tells streams to end when the drain delay is over, and not before
 */
import type { FastifyInstance } from 'fastify'
import { createShutdown as correct, type Shutdown, type ShutdownOptions } from '../shutdown.ts'

export * from '../shutdown.ts'

export function createShutdown(app: FastifyInstance, options: ShutdownOptions): Shutdown {
  const { signal } = new AbortController()
  const shutdown = correct(app, options)
  return {
    get ready() {
      return shutdown.ready
    },
    signal,
    begin: shutdown.begin,
    install: shutdown.install,
  }
}
