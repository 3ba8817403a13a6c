/* Replaces: window.ts */
import { checkOptions, count, durationMs } from '../../../shared/core/options.ts'
import { checkCost } from '../options.ts'

export class SlidingWindow {
  readonly #limit: number
  readonly #windowMs: number
  readonly #counts = new Map<number, number>()

  constructor({ limit, windowMs }: { limit: number; windowMs: number }) {
    checkOptions({ limit, windowMs }, { limit: count, windowMs: durationMs })
    this.#limit = limit
    this.#windowMs = windowMs
  }

  allow(cost = 1): boolean {
    checkCost(cost, this.#limit)
    const now = performance.now()
    const number = Math.floor(now / this.#windowMs)
    for (const old of this.#counts.keys()) if (old < number - 1) this.#counts.delete(old)
    const share = 1 - (now - number * this.#windowMs) / this.#windowMs
    const taken = this.#counts.get(number) ?? 0
    const allowed = (this.#counts.get(number - 1) ?? 0) * share + taken + cost <= this.#limit + 1e-9
    if (allowed) this.#counts.set(number, taken + cost)
    return allowed
  }
}
