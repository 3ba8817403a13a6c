/* Replaces: clients.ts */
import { checkOptions, count } from '../../../shared/core/options.ts'
import { type Decision, type Limit, type Rate, rateOf } from '../options.ts'
import { TokenBucket } from '../bucket.ts'

export class ClientLimits implements Limit {
  readonly #rate: Required<Rate>
  readonly #fillMs: number
  readonly #maxClients: number
  readonly #others: TokenBucket
  #young = new Map<string, TokenBucket>()
  #old = new Map<string, TokenBucket>()
  #turnedAt = performance.now()

  constructor({ maxClients = 10_000, ...rate }: Rate & { maxClients?: number }) {
    checkOptions({ maxClients }, { maxClients: count })
    this.#rate = rateOf(rate)
    this.#fillMs = (this.#rate.burst * 1000) / this.#rate.perSecond
    this.#maxClients = maxClients
    this.#others = new TokenBucket(this.#rate)
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }

  take(client: string, cost = 1): Decision {
    const now = performance.now()
    // Who is in the old one has not come for as long as it takes to be full.
    if (now - this.#turnedAt >= 2 * this.#fillMs) this.#old.clear()
    if (now - this.#turnedAt >= this.#fillMs) {
      this.#old = this.#young
      this.#young = new Map()
      this.#turnedAt = now
      for (const [name, bucket] of this.#old) if (bucket.fullAt <= now) this.#old.delete(name)
    }
    const known = this.#young.get(client) ?? this.#old.get(client)
    if (!known && this.size >= this.#maxClients) this.#tidy()
    if (!known && this.size >= this.#maxClients) return this.#others.allow(cost)
    const bucket = known ?? new TokenBucket(this.#rate)
    this.#old.delete(client)
    this.#young.set(client, bucket)
    return bucket.allow(cost)
  }

  #tidy(): void {
    for (const map of [this.#old, this.#young]) {
      const [first] = map
      if (first && first[1].fullAt <= performance.now()) map.delete(first[0])
    }
  }
}
