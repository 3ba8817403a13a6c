/**
 * Mistake: keeps why it ended to itself.
 * Replaces: shutdown.ts
 * Killed by: tells why it ended, how, and what failed
 */
import type { FastifyInstance } from 'fastify'
import { createShutdown as correct, type Shutdown, type ShutdownOptions } from '../shutdown.ts'

export * from '../shutdown.ts'

export function createShutdown(app: FastifyInstance, options: ShutdownOptions): Shutdown {
  const silent = new Proxy(app, {
    get: (target, key) => (key === 'log' ? { info() {}, error() {} } : Reflect.get(target, key)),
  })
  return correct(silent, options)
}
