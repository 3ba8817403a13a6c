/**
 * Mistake: counts the time of each at once, when he joins: those behind who leaves do not move up.
 * Replaces: limiter.ts
 * Killed by: lets those behind move up when somebody leaves
 */
import { sleep } from '../../../shared/core/sleep.ts'
import { RateLimiter as Right, type WaitOptions } from '../limiter.ts'

export class RateLimiter extends Right {
  override async wait({ cost = 1, signal }: WaitOptions = {}): Promise<void> {
    await sleep(this.reserve(cost).delayMs, signal)
  }
}
