/**
 * Mistake: exits with 130, which a shell reads as Ctrl-C, whichever signal it was.
 * Replaces: shutdown.ts
 * Killed by: exits at once when a second signal comes
 */
import type { FastifyInstance } from 'fastify'
import { createShutdown as correct, type Shutdown, type ShutdownOptions } from '../shutdown.ts'

export * from '../shutdown.ts'

export function createShutdown(app: FastifyInstance, options: ShutdownOptions): Shutdown {
  const { exit = process.exit } = options
  return correct(app, { ...options, exit: (code) => exit(code > 128 ? 130 : code) })
}
