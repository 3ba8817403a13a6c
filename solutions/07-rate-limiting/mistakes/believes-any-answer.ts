/**
 * Mistake: takes NaN for a decision.
 * Replaces: shared.ts
 * Killed by: has this process decide when Redis is silent, fails or talks nonsense
 */
import { inspect } from 'node:util'
import { checkOptions, durationMs } from '../../../shared/core/options.ts'
import { TimeoutError } from '../../../shared/core/errors.ts'
import { decision } from '../bucket.ts'
import { checkCost, type Decision, type Limit, type Rate, rateOf } from '../options.ts'
import { SCRIPT } from '../script.ts'

export type Redis = (script: string, keys: string[], args: string[]) => Promise<unknown>

export interface SharedLimitOptions {
  rate: Rate
  redis: Redis
  fallback: Limit
  waitMs?: number
  restMs?: number
  onChange?: (change: { isAway: true; cause: unknown } | { isAway: false }) => void
}

export class SharedLimit implements Limit {
  readonly #rate: Required<Rate>
  readonly #redis: Redis
  readonly #fallback: Limit
  readonly #waitMs: number
  readonly #restMs: number
  readonly #onChange: NonNullable<SharedLimitOptions['onChange']>
  #restUntil: number | undefined

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
