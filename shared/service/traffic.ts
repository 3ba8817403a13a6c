import { errors, Pool } from 'undici'
import { latencies } from '../core/percentiles.ts'
import { type Random, seededRandom } from '../core/random.ts'
import { sleep } from '../core/sleep.ts'

export interface TrafficOptions {
  /** Arrivals a second, on average; they come at random (a Poisson process), as customers do. */
  perSecond: number
  /** Requests that may wait at a time. More are not sent, so that a hanging Parcel does not eat the laptop. */
  maxInFlight: number
  /** Milliseconds after which a customer goes away. */
  patienceMs: number
  seed: number
}

export interface Snapshot {
  sent: number
  ok: number
  failed: number
  /** Not sent, because of `maxInFlight`. */
  unsent: number
  waiting: number
  /** How long the first of those that wait has been waiting. */
  oldestMs: number
  /** Of the requests that ended in the last seconds, and of those that still wait, at their age. */
  p50Ms: number
  p99Ms: number
  /** How often in the last seconds, by `carrier reason`, and by the kind of failure. */
  missing: Record<string, number>
  failures: Record<string, number>
}

interface Ended {
  at: number
  tookMs: number
  missing: string[]
  failure: string | undefined
}

/** The seconds that count as "the last". */
export const RECENT_S = 10

const PLACES = ['Berlin', 'Dublin', 'Lisbon', 'Milan', 'Oslo', 'Vienna']

/**
 * Asks for quotes in an open loop: on schedule, whether or not the earlier ones have been answered, and the time counts
 * from when a request was due. A closed loop would wait along with a slow server, and so never see how slow it is
 * (Gil Tene: "coordinated omission").
 */
export class Traffic {
  readonly #options: TrafficOptions
  readonly #random: Random
  readonly #client: Pool
  readonly #stop = new AbortController()
  readonly #dueAt = new Set<{ at: number }>()
  readonly #counts = { sent: 0, ok: 0, failed: 0, unsent: 0 }
  #recent: Ended[] = []

  constructor(origin: string, options: TrafficOptions) {
    const { maxInFlight, patienceMs } = options
    this.#client = new Pool(origin, { connections: maxInFlight, headersTimeout: patienceMs, bodyTimeout: patienceMs })
    this.#options = options
    this.#random = seededRandom(options.seed)
  }

  /** Resolves after `stop`. */
  async run(): Promise<void> {
    const { perSecond, maxInFlight } = this.#options
    const { signal } = this.#stop
    for (let at = performance.now(); ; ) {
      const path = this.#draw()
      at += (-Math.log(1 - this.#random()) * 1000) / perSecond
      await sleep(Math.max(0, at - performance.now()), signal).catch(() => {})
      if (signal.aborted) return
      if (this.#dueAt.size < maxInFlight) void this.#ask(path, at)
      else this.#counts.unsent++
    }
  }

  /** Hangs up on everything that still waits. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#client.destroy()
  }

  snapshot(): Snapshot {
    const now = performance.now()
    this.#recent = this.#recent.filter(({ at }) => at > now - RECENT_S * 1000)
    const ages = [...this.#dueAt].map(({ at }) => now - at)
    const histogram = latencies()
    for (const ms of [...this.#recent.map(({ tookMs }) => tookMs), ...ages]) histogram.record(ms)
    return {
      ...this.#counts,
      waiting: ages.length,
      oldestMs: Math.max(0, ...ages),
      p50Ms: histogram.percentile(50),
      p99Ms: histogram.percentile(99),
      missing: tally(this.#recent.flatMap(({ missing }) => missing)),
      failures: tally(this.#recent.flatMap(({ failure }) => failure ?? [])),
    }
  }

  #draw(): string {
    const pick = () => PLACES[Math.floor(this.#random() * PLACES.length)]!
    return `/quotes?from=${pick()}&to=${pick()}&grams=${1 + Math.floor(this.#random() * 5000)}`
  }

  async #ask(path: string, dueAt: number): Promise<void> {
    const due = { at: dueAt }
    this.#dueAt.add(due)
    this.#counts.sent++
    const { missing, failure } = await this.#outcome(path)
    this.#dueAt.delete(due)
    if (this.#stop.signal.aborted) return
    this.#counts[failure ? 'failed' : 'ok']++
    const at = performance.now()
    this.#recent.push({ at, tookMs: at - dueAt, missing, failure })
  }

  async #outcome(path: string): Promise<Pick<Ended, 'missing' | 'failure'>> {
    try {
      const { statusCode, body } = await this.#client.request({ method: 'GET', path })
      const { missing = [] } = (await body.json()) as { missing?: { carrier: string; reason: string }[] }
      return {
        missing: missing.map(({ carrier, reason }) => `${carrier} ${reason}`),
        failure: statusCode === 200 ? undefined : `status ${statusCode}`,
      }
    } catch (error) {
      const isTimeout = error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError
      return { missing: [], failure: isTimeout ? 'gave up waiting' : String((error as NodeJS.ErrnoException).code) }
    }
  }
}

function tally(words: string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const word of words.sort()) counts[word] = (counts[word] ?? 0) + 1
  return counts
}
