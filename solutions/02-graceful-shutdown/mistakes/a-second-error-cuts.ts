/**
 * Mistake: takes an error in the middle of a shutdown for a reason to cut off everybody else.
 * Replaces: shutdown.ts
 * Killed by: remembers an error that comes in the middle of a shutdown
 */
import type { EventEmitter } from 'node:events'
import type { FastifyInstance } from 'fastify'
import { createShutdown as correct, type Shutdown, type ShutdownOptions } from '../shutdown.ts'

export * from '../shutdown.ts'

export function createShutdown(app: FastifyInstance, options: ShutdownOptions): Shutdown {
  const { exit = process.exit } = options
  const shutdown = correct(app, options)
  return Object.defineProperty(shutdown, 'install', {
    value(source: EventEmitter = process) {
      const onSignal = (name: NodeJS.Signals) => shutdown.begin(name)
      // As close-with-grace (2.5) does: an error during the closing ends the process on the spot.
      const onError = (_: unknown, origin: string) => (shutdown.ready ? shutdown.begin(origin) : exit(1))
      source.on('SIGTERM', onSignal).on('uncaughtException', onError)
      return () => void source.off('SIGTERM', onSignal).off('uncaughtException', onError)
    },
  })
}
