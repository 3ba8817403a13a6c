/**
 * Mistake: ends in order after an uncaught error, and so with 0: nobody restarts what has ended well.
 * Replaces: shutdown.ts
 * Killed by: shuts down in order after an error that nobody caught, and does not exit with 0
 */
import type { EventEmitter } from 'node:events'
import type { FastifyInstance } from 'fastify'
import { createShutdown as correct, type Shutdown, type ShutdownOptions } from '../shutdown.ts'

export * from '../shutdown.ts'

export function createShutdown(app: FastifyInstance, options: ShutdownOptions): Shutdown {
  const shutdown = correct(app, options)
  return Object.defineProperty(shutdown, 'install', {
    value(source: EventEmitter = process) {
      const onSignal = (name: NodeJS.Signals) => shutdown.begin(name)
      const onError = (error: unknown, origin: string) => {
        app.log.error(error)
        void shutdown.begin(origin)
      }
      source.on('SIGTERM', onSignal).on('uncaughtException', onError)
      return () => void source.off('SIGTERM', onSignal).off('uncaughtException', onError)
    },
  })
}
