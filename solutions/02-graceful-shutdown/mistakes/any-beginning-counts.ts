/**
 * Mistake: takes the signal that follows upon a preStop hook for a second one, and cuts everybody off.
 * Replaces: shutdown.ts
 * Killed by: exits at once when a second signal comes
 */
import type { EventEmitter } from 'node:events'
import { constants } from 'node:os'
import type { FastifyInstance } from 'fastify'
import { createShutdown as correct, type Shutdown, type ShutdownOptions } from '../shutdown.ts'

export * from '../shutdown.ts'

export function createShutdown(app: FastifyInstance, options: ShutdownOptions): Shutdown {
  const { exit = process.exit } = options
  const shutdown = correct(app, options)
  return Object.defineProperty(shutdown, 'install', {
    value(source: EventEmitter = process) {
      const onSignal = (name: NodeJS.Signals) =>
        shutdown.ready ? shutdown.begin(name) : exit(128 + constants.signals[name])
      source.on('SIGTERM', onSignal).on('SIGINT', onSignal)
      return () => void source.off('SIGTERM', onSignal).off('SIGINT', onSignal)
    },
  })
}
