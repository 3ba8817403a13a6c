import { Readable } from 'node:stream'
import { Pool } from 'undici'
import { sleep } from '../core/sleep.ts'

/** Lines of the couriers, so far: those that were sent off in full, or are under way, and those that Parcel says are done. */
export interface UploadCounts {
  sent: number
  written: number
}

interface Answer {
  /** Lines that are done. */
  lines: number
}

/** In a chunk of the body. */
const CHUNK = 500
/** Before what was not done is sent again. */
const PAUSE_MS = 1000
/** Between two uploads. */
const REST_MS = 10_000
/** As in production: whoever is patient does not ask what has become of it. */
const PATIENCE_MS = 60_000

const EPOCH = Date.UTC(2026, 1, 28)

/**
 * A courier who was offline all day, and uploads what they have scanned; what was not done they send again. No figure of the
 * customers' has them in it.
 */
export class Upload {
  readonly #client: Pool
  readonly #counts: UploadCounts = { sent: 0, written: 0 }
  readonly #left = new AbortController()
  #episode = new AbortController()

  constructor(origin: string) {
    this.#client = new Pool(origin, { headersTimeout: PATIENCE_MS, bodyTimeout: PATIENCE_MS })
  }

  get counts(): UploadCounts {
    return { ...this.#counts }
  }

  /** Uploads so many at once, and so many others a while later, and so on. */
  go(scans: number): void {
    this.stop()
    this.#episode = new AbortController()
    void this.#goOn(scans, this.#episode.signal)
  }

  /** What is under way goes on. */
  stop(): void {
    this.#episode.abort()
  }

  async leave(): Promise<void> {
    this.stop()
    this.#left.abort()
    await this.#client.destroy()
  }

  async #goOn(scans: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const first = this.#counts.sent
      this.#counts.sent += scans
      let done = 0
      while (done < scans && !this.#left.signal.aborted) {
        const lines = await this.#upload(first + done, first + scans).catch(() => undefined)
        done += lines ?? 0
        this.#counts.written += lines ?? 0
        if (done < scans) await sleep(PAUSE_MS, this.#left.signal).catch(() => {})
      }
      await sleep(REST_MS, signal).catch(() => {})
    }
  }

  /** @returns how many lines are done */
  async #upload(from: number, to: number): Promise<number> {
    const { body } = await this.#client.request({
      method: 'POST',
      path: '/scans',
      headers: { 'content-type': 'application/x-ndjson' },
      body: Readable.from(chunks(from, to)),
    })
    return ((await body.json()) as Answer).lines
  }
}

function* chunks(from: number, to: number): Generator<Buffer> {
  for (let n = from; n < to; n += CHUNK) yield Buffer.from(lines(n, Math.min(to, n + CHUNK)))
}

function lines(from: number, to: number): string {
  let text = ''
  for (let n = from; n < to; n++)
    text += `{"shipment":"pelican-${n % 500}","at":"${new Date(EPOCH + n * 1000).toISOString()}","place":"Lisbon","event":"collected"}\n`
  return text
}
