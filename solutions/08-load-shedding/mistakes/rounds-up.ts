/**
 * Mistake: rounds to the nearest, so half a place is one.
 * Replaces: limit.ts
 * Killed by: has a tenth less after a window that was late, once for all who were
 */
import { checkOptions, count, durationMs, type Rule } from '../../../shared/core/options.ts'
import { type ConcurrencyLimit, places, type VisitReport } from '../options.ts'

export interface AimdOptions {
  /** Never fewer places; a whole number. Default: 1. */
  min?: number
  /** Never more; a whole number. */
  max: number
  /** To begin with. Default: `max`. */
  initial?: number
  /** Whether something was late while that visit lasted: the event loop, a queue of one's own. */
  isLate: (visit: VisitReport) => boolean
  /** After which it decides, if there were ten visits; finite, above 0. Default: 100. */
  windowMs?: number
  /** What is left when most of a window was late; above 0, below 1. Default: 0.9. */
  backoff?: number
}

/** Fewer visits say nothing. */
const VISITS = 10
const backoffRule: Rule = [(value) => value > 0 && value < 1, 'a share above 0 and below 1']

/**
 * As many places as do not make anything late: one more after each window that was in time, a tenth less after one that
 * was not. TCP does the same with the packets that it has under way (Chiu and Jain 1989; RFC 5681), for the same reason:
 * nobody tells it how many there may be.
 */
export class AimdLimit implements ConcurrencyLimit {
  readonly #options: Required<AimdOptions>
  /** With its fraction: a tenth less than five would otherwise be four, and one more five again, for ever. */
  #level: number
  #visits = 0
  #late = 0
  #most = 0
  #since = performance.now()

  /** @throws RangeError for an option out of its bounds */
  constructor({ min = 1, max, initial = max, isLate, windowMs = 100, backoff = 0.9 }: AimdOptions) {
    const between: Rule = [(value) => value >= min && value <= max, `from ${min} to ${max}`]
    checkOptions(
      { min, max, windowMs, backoff },
      { min: places, max: count, windowMs: durationMs, backoff: backoffRule },
    )
    checkOptions({ max, initial }, { max: between, initial: between })
    this.#options = { min, max, initial, isLate, windowMs, backoff }
    this.#level = initial
  }

  get places(): number {
    return Math.round(this.#level)
  }

  learn(visit: VisitReport): void {
    const { min, max, isLate, windowMs, backoff } = this.#options
    this.#visits++
    if (isLate(visit)) this.#late++
    this.#most = Math.max(this.#most, visit.inside)
    const now = performance.now()
    if (this.#visits < VISITS || now - this.#since < windowMs) return
    // Once for all who were late: they have all seen the same trouble.
    if (this.#late > this.#visits / 2) this.#level = Math.max(min, this.#level * backoff)
    // What nobody has used says nothing about what there could be.
    else if (this.#most >= this.places / 2) this.#level = Math.min(max, this.#level + 1)
    this.#visits = this.#late = this.#most = 0
    this.#since = now
  }
}
