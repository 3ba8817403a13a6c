import { Pool } from 'undici'
import { evenly, openLoop } from './open-loop.ts'

/** How often one has asked, and was not told that it was too often. */
export interface GreedyCounts {
  asked: number
  served: number
}

const PATH = '/shipments/pigeon-1'
/** Who waits for an answer does not ask on. */
const CONNECTIONS = 16
/** More than wait do not come: a machine that is too slow must not be buried by him. */
const MAX_WAITING = 200

/** A customer who asks where a parcel is, on and on, whatever is said. No figure of the other customers' has him in it. */
export class Greedy {
  readonly #client: Pool
  readonly #counts: GreedyCounts = { asked: 0, served: 0 }
  #waiting = 0
  #episode = new AbortController()

  constructor(origin: string) {
    this.#client = new Pool(origin, { connections: CONNECTIONS })
  }

  get counts(): GreedyCounts {
    return { ...this.#counts }
  }

  /** @param key that he has, as in `x-api-key` */
  go(perSecond: number, key: string): void {
    this.stop()
    this.#episode = new AbortController()
    const { signal } = this.#episode
    const overdueMs = 1000
    void openLoop({ gap: evenly(perSecond), overdueMs, signal }, () => this.#waiting < MAX_WAITING && this.#ask(key))
  }

  stop(): void {
    this.#episode.abort()
  }

  async leave(): Promise<void> {
    this.stop()
    await this.#client.destroy()
  }

  async #ask(key: string): Promise<void> {
    this.#counts.asked++
    this.#waiting++
    try {
      const { statusCode, body } = await this.#client.request({
        method: 'GET',
        path: PATH,
        headers: { 'x-api-key': key },
      })
      await body.dump()
      if (statusCode !== 429) this.#counts.served++
    } catch {
      // Parcel has gone, or he has.
    } finally {
      this.#waiting--
    }
  }
}
