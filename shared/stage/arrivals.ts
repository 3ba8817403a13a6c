import { type Random, seededRandom } from '../core/random.ts'
import { atRandom, openLoop } from './open-loop.ts'

export interface Pace {
  /** Arrivals a second, on average; they come at random (a Poisson process), as customers do. */
  perSecond: number
  paused: boolean
  seed: number
}

const PLACES = ['Berlin', 'Dublin', 'Lisbon', 'Milan', 'Oslo', 'Vienna']

const OVERDUE_MS = 5000

/**
 * Who asks for what, and when. Each arrival is drawn once, and told to whoever is to have it: both sides get the same
 * ones, in an open loop.
 */
export class Arrivals {
  readonly #arrive: (path: string, dueAt: number, number: number) => void
  #pace: Pace
  #random: Random
  #number = 0
  /** Of the loop that runs. */
  #episode = new AbortController()

  /** @param arrive is told of each, numbered from 0 */
  constructor(pace: Pace, arrive: (path: string, dueAt: number, number: number) => void) {
    this.#pace = pace
    this.#random = seededRandom(pace.seed)
    this.#arrive = arrive
  }

  get pace(): Pace {
    return this.#pace
  }

  /**
   * Begins, and goes on with what has changed. A seed begins its draws anew, also when it is the same. To wait anew with
   * another rate changes nothing about a Poisson process, which has no memory.
   */
  go(changes: Partial<Pace> = {}): void {
    this.#pace = { ...this.#pace, ...changes }
    if (changes.seed !== undefined) this.#random = seededRandom(changes.seed)
    this.stop()
    this.#episode = new AbortController()
    if (this.#pace.paused) return
    const gap = atRandom(this.#pace.perSecond, () => this.#random())
    const opening = { gap, overdueMs: OVERDUE_MS, signal: this.#episode.signal }
    void openLoop(opening, (dueAt) => this.#arrive(this.#draw(), dueAt, this.#number++))
  }

  stop(): void {
    this.#episode.abort()
  }

  #draw(): string {
    const pick = () => PLACES[Math.floor(this.#random() * PLACES.length)]!
    return `/quotes?from=${pick()}&to=${pick()}&grams=${1 + Math.floor(this.#random() * 5000)}`
  }
}
