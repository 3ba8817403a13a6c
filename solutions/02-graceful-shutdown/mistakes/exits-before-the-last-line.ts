/**
 * Mistake: hands its last line to a log that writes it in a moment, and exits at once.
 * Replaces: shutdown.ts
 * Killed by: tells why it ended, how, and what failed
 */
import type { FastifyInstance } from 'fastify'
import { createShutdown as correct, type Shutdown, type ShutdownOptions } from '../shutdown.ts'

export * from '../shutdown.ts'

export function createShutdown(app: FastifyInstance, options: ShutdownOptions): Shutdown {
  const info = (...line: [object, string]) => void setImmediate(() => app.log.info(...line))
  const log = Object.create(app.log, { info: { value: info } })
  return correct(Object.create(app, { log: { value: log } }), options)
}
