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

/** Lets so many in, has a few wait for a little while, and refuses the others at once. */
export class Door {
  protected readonly options: Required<DoorOptions>
  protected readonly limit: ConcurrencyLimit
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
    return 0
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
    // Who are we to refuse a customer?
    this.#inside++
    return { waitedMs: 0, leave: () => void this.#inside-- }
  }
}
