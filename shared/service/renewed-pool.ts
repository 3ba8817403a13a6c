import type { Dispatcher, Pool } from 'undici'
import { type ClientLimits, createClient } from '#chapters/01-timeouts/client.ts'
import type { Patience, Way } from './replica.ts'

/**
 * A pool that does not outlive an address: after `socketMs` there is a new one, whose sockets go where DNS points by then.
 * A socket that is busy is never closed, so without this a replica that has moved is called where it was, for ever.
 */
export class RenewedPool implements Way {
  readonly #create: () => Pool
  readonly #socketMs: number
  /** Those before, as long as something is in flight in them. */
  readonly #retired = new Set<Promise<void>>()
  #pool: Pool
  #since = performance.now()

  constructor(origin: string, limits: ClientLimits, socketMs: number) {
    this.#create = () => createClient(origin, limits)
    this.#socketMs = socketMs
    this.#pool = this.#create()
  }

  /** For the next call. */
  get current(): Pool {
    const now = performance.now()
    if (now - this.#since >= this.#socketMs) {
      const closed: Promise<void> = this.#pool.close().finally(() => this.#retired.delete(closed))
      this.#retired.add(closed)
      this.#pool = this.#create()
      this.#since = now
    }
    return this.#pool
  }

  /** At once: whoever needs a socket waits for one inside. */
  run<T>(exchange: (client: Dispatcher, signal: AbortSignal) => Promise<T>, { signal }: Patience): Promise<T> {
    return exchange(this.current, signal)
  }

  /** Sockets that are open, and calls that wait for one. */
  get stats(): { readonly connected: number; readonly queued: number } {
    return this.#pool.stats
  }

  /** Resolves when what is in flight has ended. */
  async close(): Promise<void> {
    await Promise.all([...this.#retired, this.#pool.close()])
  }
}
