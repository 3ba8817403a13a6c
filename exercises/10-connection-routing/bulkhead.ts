import { neverAborts } from '../../shared/core/never-aborts.ts'
import type { Operation } from '../../shared/core/operation.ts'
import type { RouteLimits } from './routes.ts'

export interface BulkheadLimits extends Pick<RouteLimits, 'queue' | 'queueMs'> {
  /** Operations at a time: a whole number, 1 or more. */
  concurrency: number
}

export interface BulkheadStats {
  running: number
  queued: number
  /** Operations that found the queue full, so far. */
  refused: number
  /** Operations that have waited for `queueMs`, and were refused then. */
  waited: number
}

/** So many operations at a time, and a queue for the others. */
export class Bulkhead {
  limits: BulkheadLimits
  #running = 0
  readonly #queue: (() => void)[] = []

  /** @param limits as they are; who takes them from others checks them (routes.ts) */
  constructor(_name: string, limits: BulkheadLimits) {
    this.limits = limits
  }

  get stats(): BulkheadStats {
    return { running: this.#running, queued: this.#queue.length, refused: 0, waited: 0 }
  }

  /**
   * Runs `operation` once there is a place for it; how long it takes then is its own affair.
   *
   * @throws BulkheadFullError when the queue is full, or the wait was too long; nothing has begun then
   * @throws the reason of `signal` as soon as it aborts in the queue; once it runs, the operation decides
   * @throws RouterClosedError after `close`
   */
  async run<T>(operation: Operation<T>, signal: AbortSignal = neverAborts): Promise<T> {
    while (this.#running >= this.limits.concurrency) await new Promise<void>((resolve) => this.#queue.push(resolve))
    this.#running++
    const result = await operation(signal)
    this.#running--
    this.#queue.shift()?.()
    return result
  }

  /** Refuses newcomers; who is in or waits is served. Resolves when the last has left. */
  async close(): Promise<void> {}
}
