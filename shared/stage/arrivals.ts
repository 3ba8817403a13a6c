import { type Random, seededRandom } from '../core/random.ts'
import { atRandom, evenly, openLoop } from './open-loop.ts'

/** What they have in common, beyond their number. */
export interface Interest {
  /** Of those who come, the share that asks one of five questions, 0 to 1. Default: 0, everybody their own. */
  popular?: number
  /** So many come at once each two seconds, beyond the others, and ask the same. Default: 0. */
  crowd?: number
}

export interface Pace extends Interest {
  /** Arrivals a second, on average; they come at random (a Poisson process), as customers do. */
  perSecond: number
  paused: boolean
  seed: number
}

const POPULAR = ['Milan', 'Oslo', 'Berlin', 'Vienna', 'Lisbon'].map(
  (from) => `/quotes?from=${from}&to=Dublin&grams=1200`,
)
const CROWDS_PER_SECOND = 0.5
const RUSH_MS = 5000

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
  #crowds = 0
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
    const { crowd = 0 } = this.#pace
    if (crowd === 0) return
    void openLoop({ ...opening, gap: evenly(CROWDS_PER_SECOND) }, (dueAt) => {
      const path = POPULAR[this.#crowds++ % POPULAR.length]!
      for (let i = 0; i < crowd; i++) this.#arrive(path, dueAt, this.#number++)
    })
  }

  /** For five seconds from now, so many more come a second, each with their own question. */
  rush(perSecond: number): void {
    const gap = atRandom(perSecond, () => this.#random())
    const opening = { gap, ms: RUSH_MS, overdueMs: OVERDUE_MS, signal: this.#episode.signal }
    void openLoop(opening, (dueAt) => this.#arrive(this.#draw(), dueAt, this.#number++))
  }

  stop(): void {
    this.#episode.abort()
  }

  #draw(): string {
    const oneOf = (these: string[]) => these[Math.floor(this.#random() * these.length)]!
    const { popular = 0 } = this.#pace
    // Where everybody asks their own, no draw is spent on that.
    if (popular > 0 && this.#random() < popular) return oneOf(POPULAR)
    const pick = () => oneOf(PLACES)
    return `/quotes?from=${pick()}&to=${pick()}&grams=${1 + Math.floor(this.#random() * 5000)}`
  }
}
