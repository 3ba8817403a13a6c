/**
 * Mistake: forgets each client by a timer of its own.
 * Replaces: clients.ts
 * Killed by: forgets who is full again, without a timer
 */
import type { Decision, Limit, Rate } from '../options.ts'
import { TokenBucket } from '../bucket.ts'

export class ClientLimits implements Limit {
  readonly #rate: Rate
  readonly #buckets = new Map<string, { bucket: TokenBucket; timer?: NodeJS.Timeout }>()

  constructor({ perSecond, burst = perSecond }: Rate) {
    this.#rate = { perSecond, burst }
  }

  get size(): number {
    return this.#buckets.size
  }

  take(client: string, cost?: number): Decision {
    const entry = this.#buckets.get(client) ?? { bucket: new TokenBucket(this.#rate) }
    this.#buckets.set(client, entry)
    clearTimeout(entry.timer)
    const fullMs = (this.#rate.burst! * 1000) / this.#rate.perSecond
    entry.timer = setTimeout(() => this.#buckets.delete(client), fullMs).unref()
    return entry.bucket.allow(cost)
  }
}
