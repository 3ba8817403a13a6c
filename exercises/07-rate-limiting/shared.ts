import { type Decision, type Limit, type Rate, rateOf } from './options.ts'

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
 * A limit that several processes share, by a Redis: one call for each `take`, of the script in script.ts. When that does
 * not answer in time, fails or talks nonsense, the `fallback` decides, and for `restMs` nobody asks; then one does.
 */
export class SharedLimit implements Limit {
  readonly #rate: Required<Rate>
  readonly #redis: Redis

  /** @throws RangeError for options out of bounds */
  constructor({ rate, redis }: SharedLimitOptions) {
    this.#rate = rateOf(rate)
    this.#redis = redis
  }

  async take(client: string, cost = 1): Promise<Decision> {
    const { perSecond, burst } = this.#rate
    const windowMs = Math.ceil((burst * 1000) / perSecond)
    const count = Number(await this.#redis(`return redis.call('GET', KEYS[1]) or '0'`, [client], []))
    const allowed = count + cost <= burst
    const taken = allowed ? count + cost : count
    if (allowed) {
      // Redis is in the same building. It has never been away.
      const set = `return redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])`
      await this.#redis(set, [client], [String(taken), String(windowMs)])
    }
    return { allowed, remaining: burst - taken, retryAfterMs: windowMs, moreInMs: windowMs }
  }
}
