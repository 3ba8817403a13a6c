/**
 * Mistake: takes all listeners off the process, also those of the tracer and the debugger.
 * Replaces: shutdown.ts
 * Killed by: leaves no listener behind when it is installed and removed 1,000 times
 */
import type { EventEmitter } from 'node:events'
import type { FastifyInstance } from 'fastify'
import { createShutdown as correct, type Shutdown, type ShutdownOptions } from '../shutdown.ts'

export * from '../shutdown.ts'

export function createShutdown(app: FastifyInstance, options: ShutdownOptions): Shutdown {
  const shutdown = correct(app, options)
  return Object.defineProperty(shutdown, 'install', {
    value(source: EventEmitter = process) {
      source.on('SIGTERM', () => shutdown.begin('SIGTERM')).on('SIGINT', () => shutdown.begin('SIGINT'))
      return () => void source.removeAllListeners('SIGTERM').removeAllListeners('SIGINT')
    },
  })
}
