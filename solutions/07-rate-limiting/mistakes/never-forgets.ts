/**
 * Mistake: keeps a bucket for everybody who has ever come by.
 * Replaces: clients.ts
 * Killed by: forgets who is full again, without a timer
 */
import type { Decision, Limit, Rate } from '../options.ts'
import { TokenBucket } from '../bucket.ts'

export class ClientLimits implements Limit {
  readonly #rate: Rate
  readonly #buckets = new Map<string, TokenBucket>()

  constructor({ perSecond, burst }: Rate) {
    this.#rate = { perSecond, burst }
  }

  get size(): number {
    return this.#buckets.size
  }

  take(client: string, cost?: number): Decision {
    const bucket = this.#buckets.get(client) ?? new TokenBucket(this.#rate)
    this.#buckets.set(client, bucket)
    return bucket.allow(cost)
  }
}
