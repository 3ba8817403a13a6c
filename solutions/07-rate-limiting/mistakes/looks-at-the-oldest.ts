/**
 * Mistake: looks at the twenty that came first, who never leave: nobody behind them is ever forgotten.
 * Replaces: clients.ts
 * Killed by: forgets who is full again, without a timer
 */
import { checkOptions, count } from '../../../shared/core/options.ts'
import { TokenBucket } from '../bucket.ts'
import { type Decision, type Limit, type Rate, rateOf } from '../options.ts'

export interface ClientLimitsOptions extends Rate {
  maxClients?: number
}

export class ClientLimits implements Limit {
  readonly #rate: Required<Rate>
  readonly #maxClients: number
  readonly #buckets = new Map<string, TokenBucket>()
  readonly #others: TokenBucket

  constructor({ maxClients = 10_000, ...rate }: ClientLimitsOptions) {
    checkOptions({ maxClients }, { maxClients: count })
    this.#rate = rateOf(rate)
    this.#maxClients = maxClients
    this.#others = new TokenBucket(this.#rate)
  }

  get size(): number {
    return this.#buckets.size
  }

  take(client: string, cost = 1): Decision {
    this.#forget()
    return this.#bucketOf(client).allow(cost)
  }

  #bucketOf(client: string): TokenBucket {
    const known = this.#buckets.get(client)
    if (known) return known
    if (this.size >= this.#maxClients) return this.#others
    const bucket = new TokenBucket(this.#rate)
    this.#buckets.set(client, bucket)
    return bucket
  }

  #forget(): void {
    let looks = 0
    for (const [client, bucket] of this.#buckets) {
      if (looks++ >= 20) return
      if (bucket.fullAt <= performance.now()) this.#buckets.delete(client)
    }
  }
}
