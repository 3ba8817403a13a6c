import { latencies } from '../core/percentiles.ts'

/** How a request ended. */
export interface Ending {
  missing: { carrier: string; reason: string }[]
  failure: string | undefined
}

/** A request that has ended: when it was due and when it ended, on the clock of `performance.now()`. */
export interface Ended extends Ending {
  dueAt: number
  at: number
  tookMs: number
}

export interface Counts {
  /** ok + partial + failed + those that wait, or were forgotten */
  sent: number
  ok: number
  /** Answered, though not by every carrier. */
  partial: number
  failed: number
}

export interface Snapshot {
  /** Since the start. */
  counts: Counts
  waiting: number
  /** Of the requests that ended in the last seconds, and of those that still wait, at their age. */
  latency: { p50Ms: number; p95Ms: number; p99Ms: number }
  /** How often in the last seconds, by `Ending.failure`. */
  failures: Record<string, number>
  /** How often in the last seconds, by carrier and reason. */
  missing: Record<string, Record<string, number>>
}

/** The seconds that count as "the last". */
const RECENT_S = 10

/** Counts requests, those included that have not ended: a server that hangs has the best latencies of all otherwise. */
export class Ledger {
  /** Is told of every request that ends: what is kept here is only what the last seconds need. */
  onEnded: (request: Ended) => void = () => {}
  readonly #counts: Counts = { sent: 0, ok: 0, partial: 0, failed: 0 }
  readonly #waiting = new Set<{ dueAt: number }>()
  readonly #latencies = latencies()
  #ended: Ended[] = []

  get waiting(): number {
    return this.#waiting.size
  }

  get counts(): Counts {
    return { ...this.#counts }
  }

  /** @returns what to call once, when the request has ended */
  begin(dueAt: number): (ending: Ending) => void {
    const request = { dueAt }
    this.#waiting.add(request)
    this.#counts.sent++
    return (ending) => {
      // Forgotten meanwhile.
      if (!this.#waiting.delete(request)) return
      this.#counts[ending.failure ? 'failed' : ending.missing.length > 0 ? 'partial' : 'ok']++
      const at = performance.now()
      const ended = { ...ending, dueAt, at, tookMs: at - dueAt }
      this.#ended.push(ended)
      this.onEnded(ended)
    }
  }

  /** "The last seconds" begin now; what becomes of those who wait is about what was before, and counts for nothing. */
  forget(): void {
    this.#ended = []
    this.#waiting.clear()
  }

  snapshot(): Snapshot {
    const now = performance.now()
    this.#ended = this.#ended.filter(({ at }) => at > now - RECENT_S * 1000)
    this.#latencies.reset()
    for (const { tookMs } of this.#ended) this.#latencies.record(tookMs)
    for (const { dueAt } of this.#waiting) this.#latencies.record(now - dueAt)
    const [p50Ms, p95Ms, p99Ms] = [50, 95, 99].map((p) => this.#latencies.percentile(p)) as [number, number, number]
    const missing = Object.groupBy(
      this.#ended.flatMap((ending) => ending.missing),
      ({ carrier }) => carrier,
    )
    return {
      counts: this.counts,
      waiting: this.#waiting.size,
      latency: { p50Ms, p95Ms, p99Ms },
      failures: tally(this.#ended.flatMap(({ failure }) => failure ?? [])),
      missing: Object.fromEntries(
        Object.entries(missing).map(([carrier, each]) => [carrier, tally(each!.map(({ reason }) => reason))]),
      ),
    }
  }
}

function tally(words: string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const word of words.toSorted()) counts[word] = (counts[word] ?? 0) + 1
  return counts
}
