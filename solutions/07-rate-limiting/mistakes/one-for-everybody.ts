/**
 * Mistake: one bucket for all clients: the greedy one gets nine in ten.
 * Replaces: clients.ts
 * Killed by: takes nothing from the others, however greedy one of them is
 */
import type { Decision, Limit, Rate } from '../options.ts'
import { TokenBucket } from '../bucket.ts'

export class ClientLimits implements Limit {
  readonly #bucket: TokenBucket
  readonly #seen = new Set<string>()

  constructor(rate: Rate) {
    this.#bucket = new TokenBucket(rate)
  }

  get size(): number {
    return this.#seen.size
  }

  take(client: string, cost?: number): Decision {
    this.#seen.add(client)
    return this.#bucket.allow(cost)
  }
}
