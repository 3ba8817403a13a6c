/**
 * Mistake: races everything against the deadline, so that one request that hangs leaves nothing for the hooks.
 * Replaces: shutdown.ts
 * Killed by: cuts off a request that never ends, and keeps the time that the hooks need
 */
import type { FastifyInstance } from 'fastify'
import { sleep } from '../../../shared/core/sleep.ts'
import { trackConnections } from '../connections.ts'
import { createShutdown as correct, type Shutdown, type ShutdownOptions } from '../shutdown.ts'

export * from '../shutdown.ts'

export function createShutdown(app: FastifyInstance, options: ShutdownOptions): Shutdown {
  const { drainDelayMs, deadlineMs, hooks = [], exit = process.exit } = options
  const connections = trackConnections(app.server)
  const work = async () => {
    connections.retire()
    await sleep(drainDelayMs)
    await app.close()
    for (const { close } of hooks.toReversed()) await close(new AbortController().signal)
    return 0
  }
  const begin = async (reason: string) => {
    const exitCode = (await Promise.race([work(), sleep(deadlineMs).then(() => 1)])) as 0 | 1
    connections.destroy()
    exit(exitCode)
    return { reason, exitCode, elapsedMs: 0, failed: [] }
  }
  return Object.defineProperty(correct(app, options), 'begin', { value: begin })
}
