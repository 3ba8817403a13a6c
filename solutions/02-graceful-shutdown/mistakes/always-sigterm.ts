/**
 * Mistake: has one listener for all signals, which says that it was SIGTERM.
 * Replaces: shutdown.ts
 * Killed by: tells why it ended, how, and what failed
 */
import type { EventEmitter } from 'node:events'
import type { FastifyInstance } from 'fastify'
import { createShutdown as correct, type Shutdown, type ShutdownOptions } from '../shutdown.ts'

export * from '../shutdown.ts'

export function createShutdown(app: FastifyInstance, options: ShutdownOptions): Shutdown {
  const shutdown = correct(app, options)
  return Object.defineProperty(shutdown, 'install', {
    value(source: EventEmitter = process) {
      const onSignal = () => shutdown.begin('SIGTERM')
      source.on('SIGTERM', onSignal).on('SIGINT', onSignal)
      return () => void source.off('SIGTERM', onSignal).off('SIGINT', onSignal)
    },
  })
}
