import { BulkheadFullError, RouterClosedError } from '../../shared/core/errors.ts'
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

interface Waiter {
  letIn(): void
}

/**
 * So many operations at a time, a queue that has an end, and a wait that has one, too: what fills one compartment leaves
 * the others dry. A place that comes free is the first waiter's from that moment on, whoever comes next.
 */
export class Bulkhead {
  readonly #name: string
  #limits: BulkheadLimits
  #running = 0
  #refused = 0
  #waited = 0
  /** A set keeps its order, and forgets one of its midst at no cost. */
  readonly #queue = new Set<Waiter>()
  #closed: PromiseWithResolvers<void> | undefined

  /** @param limits as they are; who takes them from others checks them (routes.ts) */
  constructor(name: string, limits: BulkheadLimits) {
    this.#name = name
    this.#limits = limits
  }

  /** From now on. Who is in, or in the queue, stays there, also when they are more than there would be today. */
  set limits(limits: BulkheadLimits) {
    this.#limits = limits
    this.#letIn()
  }

  get stats(): BulkheadStats {
    return { running: this.#running, queued: this.#queue.size, refused: this.#refused, waited: this.#waited }
  }

  /**
   * Runs `operation` once there is a place for it; how long it takes then is its own affair.
   *
   * @throws BulkheadFullError when the queue is full, or the wait was too long; nothing has begun then
   * @throws the reason of `signal` as soon as it aborts in the queue; once it runs, the operation decides
   * @throws RouterClosedError after `close`
   */
  async run<T>(operation: Operation<T>, signal: AbortSignal = neverAborts): Promise<T> {
    if (this.#closed) throw new RouterClosedError(`${this.#name} is closed`)
    signal.throwIfAborted()
    if (this.#running < this.#limits.concurrency) this.#running++
    else await this.#waitForPlace(signal)
    try {
      // Between the hand-over and this line, they may have left.
      signal.throwIfAborted()
      return await operation(signal)
    } finally {
      this.#running--
      this.#letIn()
    }
  }

  /** Refuses newcomers; who is in or waits is served. Resolves when the last has left. */
  close(): Promise<void> {
    this.#closed ??= Promise.withResolvers()
    this.#letIn()
    return this.#closed.promise
  }

  /** Resolves when this one has a place: it is counted as running before anybody else can ask. */
  #waitForPlace(signal: AbortSignal): Promise<void> {
    const { queue, queueMs } = this.#limits
    if (this.#queue.size >= queue) {
      this.#refused++
      throw new BulkheadFullError(this.#name, 'full', 0)
    }
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#queue.delete(waiter)
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
      }
      const onAbort = () => {
        leave()
        reject(signal.reason)
      }
      const timer = setTimeout(() => {
        leave()
        this.#waited++
        reject(new BulkheadFullError(this.#name, 'waited', queueMs))
      }, queueMs)
      const waiter: Waiter = {
        letIn: () => {
          leave()
          this.#running++
          resolve()
        },
      }
      signal.addEventListener('abort', onAbort)
      this.#queue.add(waiter)
    })
  }

  #letIn(): void {
    for (const waiter of this.#queue) {
      if (this.#running >= this.#limits.concurrency) return
      waiter.letIn()
    }
    if (this.#running === 0) this.#closed?.resolve()
  }
}
