import type { Deadline } from '../../shared/core/deadline.ts'
import { type ConcurrencyLimit, type DoorOptions, withDefaults } from './options.ts'

export type { ConcurrencyLimit, DoorOptions } from './options.ts'

export interface Visitor {
  /** From 0, the most urgent, to 7. Default: 3. */
  urgency?: number
  /** After which nobody waits for what would begin. Default: Infinity. */
  deadline?: Deadline
  signal?: AbortSignal
}

/** A place inside. */
export interface Pass {
  readonly waitedMs: number
  /** Gives the place back; a second time, nothing happens. */
  leave(): void
}

/** Somebody who has come, until they are let in or refused. */
interface Waiter {
  readonly arrivedAt: number
  letIn(pass: Pass): void
  refuse(error: unknown): void
}

/** Lets so many in, has a few wait for a little while, and refuses the others at once. */
export class Door {
  protected readonly options: Required<DoorOptions>
  protected readonly limit: ConcurrencyLimit
  /** A set keeps its order, and forgets one of its midst at no cost. */
  readonly #queue = new Set<Waiter>()
  #inside = 0

  /** @throws RangeError for an option out of its bounds */
  constructor(options: DoorOptions) {
    this.options = withDefaults(options)
    const { limit } = this.options
    this.limit = typeof limit === 'number' ? { places: limit, learn() {} } : limit
  }

  get inside(): number {
    return this.#inside
  }

  get waiting(): number {
    return this.#queue.size
  }

  /** How many may be inside, as of now. */
  get places(): number {
    return this.limit.places
  }

  /**
   * Waits for a place, for `maxWaitMs` at most, and in a burst for `burstMs`.
   *
   * @throws OverloadError when there is none to be had
   * @throws TimeoutError when `deadline` has passed, and the reason of `signal` when it has aborted
   * @throws RangeError for an urgency that is none
   */
  async enter(_visitor: Visitor = {}): Promise<Pass> {
    return new Promise((letIn, refuse) => {
      this.#queue.add({ arrivedAt: performance.now(), letIn, refuse })
      this.#turn()
    })
  }

  /** Decides who goes in, and who is refused. */
  #turn(): void {
    // Who are we to refuse a customer?
    for (const waiter of this.#queue) this.#letIn(waiter)
  }

  #letIn(waiter: Waiter): void {
    this.#queue.delete(waiter)
    this.#inside++
    waiter.letIn({ waitedMs: performance.now() - waiter.arrivedAt, leave: () => void this.#inside-- })
  }
}
