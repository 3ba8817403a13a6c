/**
 * Mistake: a clean-up in circulation: it forgets who cannot take anything now, which is the greedy one.
 * Replaces: clients.ts
 * Killed by: forgets nobody who still owes
 */
import type { Decision, Limit, Rate } from '../options.ts'
import { TokenBucket } from '../bucket.ts'

export class ClientLimits implements Limit {
  readonly #rate: Rate
  readonly #buckets = new Map<string, { bucket: TokenBucket; at: number }>()
  #sweptAt = performance.now()

  constructor({ perSecond, burst }: Rate) {
    this.#rate = { perSecond, burst }
  }

  get size(): number {
    return this.#buckets.size
  }

  take(client: string, cost?: number): Decision {
    const now = performance.now()
    if (now - this.#sweptAt > 1_000) {
      for (const [client, { bucket }] of this.#buckets) if (!bucket.allow().allowed) this.#buckets.delete(client)
      this.#sweptAt = now
    }
    const { bucket } = this.#buckets.get(client) ?? { bucket: new TokenBucket(this.#rate) }
    this.#buckets.set(client, { bucket, at: now })
    return bucket.allow(cost)
  }
}
