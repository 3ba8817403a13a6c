/**
 * Mistake: an answer that comes too late is a sign of life, so everybody asks a slow Redis again, and waits again.
 * Replaces: shared.ts
 * Killed by: takes an answer to an older question for no news
 */
import { type Redis, SharedLimit as Right, type SharedLimitOptions } from '../shared.ts'
import type { Decision, Limit } from '../options.ts'

export class SharedLimit implements Limit {
  readonly #options: SharedLimitOptions
  #limit: Right

  constructor(options: SharedLimitOptions) {
    const redis: Redis = async (...call) => {
      const askedAt = performance.now()
      const reply = await options.redis(...call)
      if (performance.now() - askedAt > (options.waitMs ?? 50)) this.#limit = new Right(this.#options)
      return reply
    }
    this.#options = { ...options, redis }
    this.#limit = new Right(this.#options)
  }

  take(client: string, cost?: number): Promise<Decision> {
    return this.#limit.take(client, cost)
  }
}
