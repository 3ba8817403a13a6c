import { TokenBucket } from './bucket.ts'
import type { Decision, Limit, Rate } from './options.ts'

export interface ClientLimitsOptions extends Rate {
  /** Clients that have a bucket of their own; for all others there is one. A whole number. Default: 10,000. */
  maxClients?: number
}

/** A bucket for each client; one that is full again is like one that was never there, and is forgotten. */
export class ClientLimits implements Limit {
  // Fifty a second, it says in the ticket. It does not say whose.
  readonly #bucket: TokenBucket

  /** @throws RangeError for options out of bounds */
  constructor(options: ClientLimitsOptions) {
    this.#bucket = new TokenBucket(options)
  }

  /** Clients that have a bucket of their own. */
  get size(): number {
    return 1
  }

  take(_client: string, cost = 1): Decision {
    return this.#bucket.allow(cost)
  }
}
