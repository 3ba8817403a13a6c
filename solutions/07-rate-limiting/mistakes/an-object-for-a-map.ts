/**
 * Mistake: an object in place of a Map: whoever is called `constructor` has a function for a bucket.
 * Replaces: clients.ts
 * Killed by: tells each what is left for him
 */
import { TokenBucket } from '../bucket.ts'
import type { Decision, Limit, Rate } from '../options.ts'

export class ClientLimits implements Limit {
  readonly #rate: Rate
  readonly #buckets: Record<string, TokenBucket> = {}

  constructor({ perSecond, burst }: Rate) {
    this.#rate = { perSecond, burst }
  }

  get size(): number {
    return Object.keys(this.#buckets).length
  }

  take(client: string, cost?: number): Decision {
    return (this.#buckets[client] ??= new TokenBucket(this.#rate)).allow(cost)
  }
}
