import type { FastifyBaseLogger } from 'fastify'

/** For how long a failure that was told is only counted, in milliseconds. */
const QUIET_MS = 10_000

/** A failure that is expected: of whom, and why. Few values each, as every combination is counted for itself. */
export interface Expected {
  carrier?: string
  reason?: string
  status?: number
}

/**
 * The log of what is expected to fail: a line when it is news, then one in ten seconds at most, which says how many more
 * there were in between. A line for each, or a stack, costs most when most fails, which is when nothing is left to pay it.
 */
export type Tally = (log: FastifyBaseLogger, failure: Expected, message: string) => void

declare module 'fastify' {
  interface FastifyInstance {
    tally: Tally
  }
}

export function createTally(): Tally {
  const told = new Map<string, { at: number; more: number }>()
  return (log, failure, message) => {
    // Not by the message, in which there may be what a caller has made up.
    const key = `${failure.carrier} ${failure.reason} ${failure.status}`
    const now = performance.now()
    const last = told.get(key)
    if (last && now - last.at < QUIET_MS) return void last.more++
    log.info(last?.more ? { ...failure, more: last.more } : failure, message)
    told.set(key, { at: now, more: 0 })
  }
}
