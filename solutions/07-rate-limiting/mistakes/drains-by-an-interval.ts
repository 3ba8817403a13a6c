/**
 * Mistake: lets one go with each tick of an interval of 1000 / rate, which Node cuts to whole milliseconds.
 * Replaces: limiter.ts
 * Killed by: keeps the pace of a busy line, no faster and hardly slower
 */
import { RateLimiter as Right, type RateLimiterOptions, type WaitOptions } from '../limiter.ts'

export class RateLimiter extends Right {
  readonly #line: (() => void)[] = []
  readonly #unitMs: number
  #timer: NodeJS.Timeout | undefined

  constructor(options: RateLimiterOptions) {
    super(options)
    this.#unitMs = Math.floor(1000 / options.perSecond)
  }

  override wait({ signal }: WaitOptions = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#line.push(resolve)
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
      this.#timer ??= setInterval(() => {
        this.#line.shift()?.()
        if (this.#line.length > 0) return
        clearInterval(this.#timer)
        this.#timer = undefined
      }, this.#unitMs)
    })
  }
}
