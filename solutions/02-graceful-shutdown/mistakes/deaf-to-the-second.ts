/**
 * Mistake: ignores every further signal: the person at the terminal reaches for kill -9.
 * Replaces: shutdown.ts
 * Killed by: exits at once when a second signal comes
 */
import type { EventEmitter } from 'node:events'
import type { FastifyInstance } from 'fastify'
import { createShutdown as correct, type Shutdown, type ShutdownOptions } from '../shutdown.ts'

export * from '../shutdown.ts'

export function createShutdown(app: FastifyInstance, options: ShutdownOptions): Shutdown {
  const shutdown = correct(app, options)
  return Object.defineProperty(shutdown, 'install', {
    value(source: EventEmitter = process) {
      // `begin` may be called as often as one likes, so nothing more is needed.
      const onSignal = (name: NodeJS.Signals) => shutdown.begin(name)
      source.on('SIGTERM', onSignal).on('SIGINT', onSignal)
      return () => void source.off('SIGTERM', onSignal).off('SIGINT', onSignal)
    },
  })
}
