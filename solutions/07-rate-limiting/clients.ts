import { checkOptions, count } from '../../shared/core/options.ts'
import { TokenBucket } from './bucket.ts'
import { type Decision, type Limit, type Rate, rateOf } from './options.ts'

export interface ClientLimitsOptions extends Rate {
  /** Clients that have a bucket of their own; for all others there is one. A whole number. Default: 10,000. */
  maxClients?: number
}

/** For each call: each brings one client at most, so there is always time to go round. */
const LOOKS = 2

/**
 * A bucket for each client. One that is full again is like one that was never there, and is forgotten: by those who call,
 * two of them looked at in turn with each call, so there is no timer, and no call that tidies up for all.
 *
 * Nobody is forgotten because there is no room: he would begin anew with a whole burst, and whoever invents a million
 * clients in between would pay for it with their names. Who finds no room shares a bucket with the others who find none.
 */
export class ClientLimits implements Limit {
  readonly #rate: Required<Rate>
  readonly #maxClients: number
  readonly #buckets = new Map<string, TokenBucket>()
  readonly #others: TokenBucket
  // It goes on where it was, whatever has come and gone meanwhile.
  #round: MapIterator<[string, TokenBucket]> = this.#buckets.entries()

  /** @throws RangeError for options out of bounds */
  constructor({ maxClients = 10_000, ...rate }: ClientLimitsOptions) {
    checkOptions({ maxClients }, { maxClients: count })
    this.#rate = rateOf(rate)
    this.#maxClients = maxClients
    this.#others = new TokenBucket(this.#rate)
  }

  /** Clients that have a bucket of their own. */
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
    const now = performance.now()
    for (let looks = 0; looks < LOOKS; looks++) {
      let next = this.#round.next()
      if (next.done) {
        this.#round = this.#buckets.entries()
        next = this.#round.next()
      }
      if (next.done) return
      const [client, bucket] = next.value
      if (bucket.fullAt <= now) this.#buckets.delete(client)
    }
  }
}
