import { inspect } from 'node:util'
import { checkOptions, durationMs, type Rule, share } from '../../shared/core/options.ts'
import type { DimmerOptions } from './options.ts'

export type { DimmerOptions } from './options.ts'

/** Below this there is nothing to be seen, and it is dark. */
const DARK = 0.05
const aboveZero: Rule = [(value) => value > 0 && value <= 1, 'a share above 0, at most 1']

/**
 * Turns extras off by the share of requests that have them, the last first, when it is busy: down by halves, up by steps,
 * and between its two thresholds nothing changes (Klein et al., ICSE 2014). With one threshold it would go on and off,
 * for what it turns off is what makes it busy.
 */
export class Dimmer {
  readonly #options: Required<DimmerOptions>
  #brightness = 1
  #lookedAt = performance.now()

  /** @throws RangeError for an option out of its bounds */
  constructor(options: DimmerOptions) {
    const { pressure, extras, dimAt = 0.9, brightenAt = 0.6, everyMs = 500, step = 0.1, random = Math.random } = options
    const below: Rule = [(value) => value >= 0 && value < dimAt, `a share from 0, below dimAt (${dimAt})`]
    checkOptions({ dimAt, everyMs, step }, { dimAt: share, everyMs: durationMs, step: aboveZero })
    checkOptions({ brightenAt }, { brightenAt: below })
    this.#options = { pressure, extras, dimAt, brightenAt, everyMs, step, random }
  }

  /** From 0, no extras, to 1, all of them. */
  get brightness(): number {
    this.#look()
    return this.#brightness
  }

  /**
   * Whether this request has this extra.
   *
   * @throws RangeError for one that `extras` does not name
   */
  allows(extra: string): boolean {
    const { extras, random } = this.#options
    const index = extras.indexOf(extra)
    if (index < 0) throw new RangeError(`There is no extra ${inspect(extra)}; there are ${extras.join(', ')}`)
    // As many as fit into the brightness, the first before the last; of the one in between, a share.
    const chance = this.brightness * extras.length - index
    return random() < chance
  }

  /** When somebody asks, and not by a timer: who has no requests has nothing to turn off. */
  #look(): void {
    const { pressure, dimAt, brightenAt, everyMs, step } = this.#options
    const now = performance.now()
    if (now - this.#lookedAt < everyMs) return
    this.#lookedAt = now
    const busy = pressure()
    if (busy >= dimAt) this.#brightness = this.#brightness / 2 < DARK ? 0 : this.#brightness / 2
    else if (busy <= brightenAt) this.#brightness = Math.min(1, this.#brightness + step)
  }
}
