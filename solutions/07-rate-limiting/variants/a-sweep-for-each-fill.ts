/* Replaces: clients.ts */
import { checkOptions, count } from '../../../shared/core/options.ts'
import { type Decision, type Limit, type Rate, rateOf } from '../options.ts'
import { TokenBucket } from '../bucket.ts'

export class ClientLimits implements Limit {
  readonly #rate: Required<Rate>
  readonly #fillMs: number
  readonly #maxClients: number
  readonly #others: TokenBucket
  readonly #buckets = new Map<string, TokenBucket>()
  #sweptAt = performance.now()

  constructor({ maxClients = 10_000, ...rate }: Rate & { maxClients?: number }) {
    checkOptions({ maxClients }, { maxClients: count })
    this.#rate = rateOf(rate)
    this.#fillMs = (this.#rate.burst * 1000) / this.#rate.perSecond
    this.#maxClients = maxClients
    this.#others = new TokenBucket(this.#rate)
  }

  get size(): number {
    return this.#buckets.size
  }

  take(client: string, cost = 1): Decision {
    const now = performance.now()
    const isFull = this.size >= this.#maxClients
    if (now - this.#sweptAt >= (isFull ? 1_000 : this.#fillMs)) {
      this.#sweptAt = now
      for (const [name, bucket] of this.#buckets) if (bucket.fullAt <= now) this.#buckets.delete(name)
    }
    const known = this.#buckets.get(client)
    if (known) return known.allow(cost)
    if (this.size >= this.#maxClients) return this.#others.allow(cost)
    const bucket = new TokenBucket(this.#rate)
    this.#buckets.set(client, bucket)
    return bucket.allow(cost)
  }
}
