import { deadlineAfter } from '../core/deadline.ts'
import { seededRandom } from '../core/random.ts'
import { COURIER_MS } from './lock.ts'
import { type Membership, membershipFor } from './membership.ts'
import { isDue, type Standing, type Told } from './news.ts'
import { tell } from './tell.ts'

/** Half of a class types one. */
const NICKNAMES = ['Wren', 'Heron', 'Kestrel', 'Plover', 'Jackdaw', 'Dunnock', 'Siskin', 'Curlew', 'Goshawk', 'Twite']

export interface LaptopOptions {
  /** Of `Date.now()`. */
  now?: () => number
  /** Called with the milliseconds that a telling took, answer included; and with what it ended with. */
  onTold?: (ms: number, error?: unknown) => void
}

/** A laptop of a class that there never was, but for what it tells the board, which is the real thing. */
export class Laptop {
  readonly membership: Membership
  readonly #standings = new Map<string, Standing>()
  readonly #options: LaptopOptions
  readonly #random: () => number
  #told: Told = { chapters: {} }
  #courier: Promise<void> | undefined

  constructor(address: string, number: number, options: LaptopOptions = {}) {
    const name = number % 2 === 0 ? '' : `${NICKNAMES[number % NICKNAMES.length]} ${number}`
    this.membership = membershipFor(address, name)
    this.#options = options
    this.#random = seededRandom(number)
  }

  get told(): Told {
    return this.#told
  }

  /** A run has ended. Resolves when there is nothing to tell any more, or telling was given up. */
  run(standing?: Standing): Promise<void> {
    if (standing) this.#standings.set(standing.chapter, standing)
    return (this.#courier ??= this.#tell().finally(() => (this.#courier = undefined)))
  }

  async #tell(): Promise<void> {
    const { now = Date.now, onTold = () => {} } = this.#options
    const shelf = {
      standings: () => [...this.#standings.values()],
      told: () => this.#told,
      keep: (told: Told) => void (this.#told = told),
    }
    while (isDue(this.#told, shelf.standings(), now())) {
      const startedAt = performance.now()
      try {
        await tell(this.membership, shelf, { deadline: deadlineAfter(COURIER_MS), now, random: this.#random })
        onTold(performance.now() - startedAt)
      } catch (error) {
        return onTold(performance.now() - startedAt, error)
      }
    }
  }
}
