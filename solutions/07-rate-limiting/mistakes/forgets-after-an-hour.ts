/**
 * Mistake: forgets whoever has not come for an hour: ten a day are two hundred and forty.
 * Replaces: clients.ts
 * Killed by: forgets nobody who still owes
 */
import { TokenBucket } from '../bucket.ts'
import type { Decision, Limit, Rate } from '../options.ts'

const HOUR_MS = 3_600_000

export class ClientLimits implements Limit {
  readonly #rate: Rate
  /** Who has not come for longest is first. */
  readonly #clients = new Map<string, { bucket: TokenBucket; seenAt: number }>()

  constructor({ perSecond, burst }: Rate) {
    this.#rate = { perSecond, burst }
  }

  get size(): number {
    return this.#clients.size
  }

  take(client: string, cost?: number): Decision {
    const now = performance.now()
    for (const [name, { seenAt }] of this.#clients) {
      if (now - seenAt < HOUR_MS) break
      this.#clients.delete(name)
    }
    const bucket = this.#clients.get(client)?.bucket ?? new TokenBucket(this.#rate)
    this.#clients.delete(client)
    this.#clients.set(client, { bucket, seenAt: now })
    return bucket.allow(cost)
  }
}
