/**
 * Mistake: tells streams to end at the signal, so that their readers come straight back.
 * Replaces: shutdown.ts
 * Killed by: tells streams to end when the drain delay is over, and not before
 */
import type { FastifyInstance } from 'fastify'
import { createShutdown as correct, type Shutdown, type ShutdownOptions } from '../shutdown.ts'

export * from '../shutdown.ts'

export function createShutdown(app: FastifyInstance, options: ShutdownOptions): Shutdown {
  const shutdown = correct(app, options)
  const streams = new AbortController()
  return {
    get ready() {
      return shutdown.ready
    },
    signal: streams.signal,
    begin(reason) {
      streams.abort()
      return shutdown.begin(reason)
    },
    install: shutdown.install,
  }
}
