import { inspect } from 'node:util'
import { checkOptions, durationMs } from '../../shared/core/options.ts'
import { TimeoutError } from '../../shared/core/errors.ts'
import { decision } from './bucket.ts'
import { checkCost, type Decision, type Limit, type Rate, rateOf } from './options.ts'
import { SCRIPT } from './script.ts'

/** Runs a Lua script in Redis; whatever client one has, it is a line. */
export type Redis = (script: string, keys: string[], args: string[]) => Promise<unknown>

export interface SharedLimitOptions {
  rate: Rate
  redis: Redis
  /** Who decides while Redis does not: mostly the limit of this process, which then lets through its own share. */
  fallback: Limit
  /** For an answer of Redis; finite, above 0. Default: 50. */
  waitMs?: number
  /** For which nobody asks after a failure; finite, above 0. Default: 1,000. */
  restMs?: number
  /** Told when Redis has failed, and when it is back. What it throws is a warning of the process, and nobody's failed request. */
  onChange?: (change: { isAway: true; cause: unknown } | { isAway: false }) => void
}

/**
 * A limit that several processes share, by a Redis: one call for each `take`. When that does not answer in time, fails or
 * talks nonsense, the `fallback` decides, and for `restMs` nobody asks; then one does, and finds out for the others. So
 * what Redis costs when it is away is `waitMs` for those who are under way, and for one in each `restMs`.
 */
export class SharedLimit implements Limit {
  readonly #rate: Required<Rate>
  readonly #redis: Redis
  readonly #fallback: Limit
  readonly #waitMs: number
  readonly #restMs: number
  readonly #onChange: NonNullable<SharedLimitOptions['onChange']>
  /** Until when nobody asks; undefined as long as Redis answers. */
  #restUntil: number | undefined

  /** @throws RangeError for options out of bounds */
  constructor({ rate, redis, fallback, waitMs = 50, restMs = 1_000, onChange = () => {} }: SharedLimitOptions) {
    checkOptions({ waitMs, restMs }, { waitMs: durationMs, restMs: durationMs })
    this.#rate = rateOf(rate)
    this.#redis = redis
    this.#fallback = fallback
    this.#waitMs = waitMs
    this.#restMs = restMs
    this.#onChange = onChange
  }

  async take(client: string, cost = 1): Promise<Decision> {
    checkCost(cost, this.#rate.burst)
    const isAway = this.#restUntil !== undefined
    if (isAway) {
      if (performance.now() < this.#restUntil!) return this.#fallback.take(client, cost)
      // Whoever comes while this one asks need not.
      this.#rest()
    }
    try {
      const shared = await this.#ask(client, cost)
      // An answer to one who had asked before it failed is old news.
      if (isAway) this.#become({ isAway: false })
      return shared
    } catch (cause) {
      this.#become({ isAway: true, cause })
      return this.#fallback.take(client, cost)
    }
  }

  async #ask(client: string, cost: number): Promise<Decision> {
    const { perSecond, burst } = this.#rate
    const args = [cost, burst].map((units) => String((units * 1000) / perSecond))
    const { promise: late, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => reject(new TimeoutError(`No answer in ${this.#waitMs} ms`)), this.#waitMs)
    try {
      // What it says after that, a rejection too, is heard by the race, and by nobody else.
      return this.#read(await Promise.race([this.#redis(SCRIPT, [`limit:${client}`], args), late]))
    } finally {
      clearTimeout(timer)
    }
  }

  #read(reply: unknown): Decision {
    const [owedMs, lackMs] = Array.isArray(reply) ? reply.map(Number) : []
    if (!(owedMs! >= 0 && lackMs! >= 0)) throw new TypeError(`That is no answer of the script: ${inspect(reply)}`)
    return decision(this.#rate, owedMs!, lackMs)
  }

  #rest(): void {
    this.#restUntil = performance.now() + this.#restMs
  }

  #become(change: { isAway: true; cause: unknown } | { isAway: false }): void {
    const wasAway = this.#restUntil !== undefined
    if (change.isAway) this.#rest()
    else this.#restUntil = undefined
    if (wasAway === change.isAway) return
    try {
      this.#onChange(change)
    } catch (mistake) {
      process.emitWarning(`onChange of the shared limit: ${inspect(mistake)}`)
    }
  }
}
