import { type Random, seededRandom } from '../core/random.ts'
import { sleep } from '../core/sleep.ts'

export interface Pace {
  /** Arrivals a second, on average; they come at random (a Poisson process), as customers do. */
  perSecond: number
  paused: boolean
  seed: number
}

const PLACES = ['Berlin', 'Dublin', 'Lisbon', 'Milan', 'Oslo', 'Vienna']

/** Whoever was due longer ago than that does not come: the machine has slept, and so have the customers. */
const OVERDUE_MS = 5000

/**
 * Who asks for what, and when. Each arrival is drawn once, and told to whoever is to have it: both sides get the same
 * ones. An open loop: it goes by the schedule, and knows nothing of answers. A closed loop would wait along with a slow
 * server, and so never see how slow it is (Gil Tene: "coordinated omission").
 */
export class Arrivals {
  readonly #arrive: (path: string, dueAt: number) => void
  #pace: Pace
  #random: Random
  /** Of the loop that runs. */
  #episode = new AbortController()

  constructor(pace: Pace, arrive: (path: string, dueAt: number) => void) {
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
    if (!this.#pace.paused) void this.#run(this.#episode.signal)
  }

  stop(): void {
    this.#episode.abort()
  }

  async #run(signal: AbortSignal): Promise<void> {
    for (let dueAt = performance.now(); ;) {
      dueAt += (-Math.log(1 - this.#random()) * 1000) / this.#pace.perSecond
      dueAt = Math.max(dueAt, performance.now() - OVERDUE_MS)
      await sleep(Math.max(0, dueAt - performance.now()), signal).catch(() => {})
      if (signal.aborted) return
      this.#arrive(this.#draw(), dueAt)
    }
  }

  #draw(): string {
    const pick = () => PLACES[Math.floor(this.#random() * PLACES.length)]!
    return `/quotes?from=${pick()}&to=${pick()}&grams=${1 + Math.floor(this.#random() * 5000)}`
  }
}
