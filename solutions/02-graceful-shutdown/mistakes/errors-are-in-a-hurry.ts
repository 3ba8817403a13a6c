/**
 * Mistake: leaves at once after an error that nobody caught: the balancer does not know of it, and goes on sending.
 * Replaces: shutdown.ts
 * Killed by: shuts down in order after an error that nobody caught, and does not exit with 0
 */
import { EventEmitter } from 'node:events'
import type { FastifyInstance } from 'fastify'
import { createShutdown as correct, type Shutdown, type ShutdownOptions } from '../shutdown.ts'

export * from '../shutdown.ts'

export function createShutdown(app: FastifyInstance, options: ShutdownOptions): Shutdown {
  const shutdown = correct(app, options)
  const hurried = correct(app, { ...options, drainDelayMs: 0 })
  return {
    get ready() {
      return shutdown.ready && hurried.ready
    },
    signal: shutdown.signal,
    begin: (reason) => (hurried.ready ? shutdown : hurried).begin(reason),
    install(source: EventEmitter = process) {
      const errors = new EventEmitter()
      const remove = hurried.install(errors)
      const onError = (error: unknown, origin: string) => void errors.emit('uncaughtException', error, origin)
      source.on('uncaughtException', onError)
      return () => {
        remove()
        source.off('uncaughtException', onError)
      }
    },
  }
}
