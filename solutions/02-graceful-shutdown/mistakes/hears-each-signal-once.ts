/**
 * Mistake: hears each signal once: the second SIGTERM finds nobody, and Node ends the process by it.
 * Replaces: shutdown.ts
 * Killed by: exits at once when a second signal comes
 */
import { EventEmitter } from 'node:events'
import type { FastifyInstance } from 'fastify'
import { createShutdown as correct, type Shutdown, type ShutdownOptions } from '../shutdown.ts'

export * from '../shutdown.ts'

export function createShutdown(app: FastifyInstance, options: ShutdownOptions): Shutdown {
  const shutdown = correct(app, options)
  const { install } = shutdown
  return Object.defineProperty(shutdown, 'install', {
    value(source: EventEmitter = process) {
      const heard = new EventEmitter()
      const remove = install(heard)
      const events = ['SIGTERM', 'SIGINT', 'uncaughtException']
      const forward = events.map(
        (event) =>
          (...args: unknown[]) =>
            heard.emit(event, ...args),
      )
      events.forEach((event, i) => source[event.startsWith('SIG') ? 'once' : 'on'](event, forward[i]!))
      return () => {
        remove()
        events.forEach((event, i) => source.off(event, forward[i]!))
      }
    },
  })
}
