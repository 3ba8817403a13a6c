/**
 * Mistake: each sleeps for as long as it was told, and asks again: whoever comes at the right moment goes first.
 * Replaces: limiter.ts
 * Killed by: lets nobody overtake, be it with less or without waiting
 */
import { sleep } from '../../../shared/core/sleep.ts'
import { TokenBucket } from '../bucket.ts'
import { RateLimiter as Right, type WaitOptions } from '../limiter.ts'
import type { Decision, Rate } from '../options.ts'

export class RateLimiter extends Right {
  readonly #bucket: TokenBucket

  constructor(rate: Rate) {
    super(rate)
    this.#bucket = new TokenBucket(rate)
  }

  override allow(cost = 1): Decision {
    return this.#bucket.allow(cost)
  }

  override async wait({ cost = 1, signal }: WaitOptions = {}): Promise<void> {
    for (;;) {
      const { allowed, retryAfterMs } = this.allow(cost)
      if (allowed) return
      await sleep(retryAfterMs, signal)
    }
  }
}
