import { Pool } from 'undici'

/** A row for each weight: nothing is asked twice that one might have kept. */
const pathOf = (row: number) => `/quotes?from=Rome&to=Oslo&grams=${1 + (row % 30_000)}`

/**
 * Somebody who prints a price list: so many quotes are under way at any time, and the next one is asked for when one has
 * come. They say that they can wait (RFC 9218). No figure of the customers' has them in it.
 */
export class Sheet {
  readonly #client: Pool
  #row = 0
  #served = 0
  #episode = new AbortController()

  constructor(origin: string) {
    this.#client = new Pool(origin)
  }

  /** Quotes that were answered, so far. */
  get served(): number {
    return this.#served
  }

  go(atATime: number): void {
    this.stop()
    this.#episode = new AbortController()
    for (let i = 0; i < atATime; i++) void this.#print(this.#episode.signal)
  }

  stop(): void {
    this.#episode.abort()
  }

  async leave(): Promise<void> {
    this.stop()
    await this.#client.destroy()
  }

  async #print(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const headers = { priority: 'u=7' }
        const { statusCode, body } = await this.#client.request({
          method: 'GET',
          path: pathOf(this.#row++),
          headers,
          signal,
        })
        await body.dump()
        if (statusCode === 200) this.#served++
        // Who is refused in a millisecond does not ask a thousand times a second.
        else await pause()
      } catch {
        // Parcel has gone, or they have.
        await pause()
      }
    }
  }
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 50))
