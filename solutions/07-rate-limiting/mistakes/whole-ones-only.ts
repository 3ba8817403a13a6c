/**
 * Mistake: takes whole units only, in the line: who needs a half of one is refused.
 * Replaces: limiter.ts
 * Killed by: lets them go one by one, at the pace, in the order in which they came
 */
import { checkOptions, count } from '../../../shared/core/options.ts'
import { RateLimiter as Right, type WaitOptions } from '../limiter.ts'

export class RateLimiter extends Right {
  override async wait({ cost = 1, ...options }: WaitOptions = {}): Promise<void> {
    checkOptions({ cost }, { cost: count })
    await super.wait({ cost, ...options })
  }
}
