import { latencies } from '../core/percentiles.ts'

/** How a request ended. */
export interface Ending {
  /** As in `pigeon timeout`. */
  missing: string[]
  failure: string | undefined
}

export interface Snapshot {
  sent: number
  ok: number
  failed: number
  /** Not sent, because too many were waiting. */
  unsent: number
  waiting: number
  /** How long the first of those that wait has been waiting. */
  oldestMs: number
  /** Of the requests that ended in the last seconds, and of those that still wait, at their age. */
  p50Ms: number
  p99Ms: number
  /** How often in the last seconds, by `Ending.missing` and `Ending.failure`. */
  missing: Record<string, number>
  failures: Record<string, number>
}

/** The seconds that count as "the last". */
export const RECENT_S = 10

/** Counts requests, those included that have not ended: a server that hangs has the best latencies of all otherwise. */
export class Ledger {
  readonly #counts = { sent: 0, ok: 0, failed: 0, unsent: 0 }
  readonly #waiting = new Set<{ dueAt: number }>()
  #ended: (Ending & { at: number; tookMs: number })[] = []

  get waiting(): number {
    return this.#waiting.size
  }

  refuse(): void {
    this.#counts.unsent++
  }

  /** @returns what to call once, when the request has ended */
  begin(dueAt: number): (ending: Ending) => void {
    const request = { dueAt }
    this.#waiting.add(request)
    this.#counts.sent++
    return (ending) => {
      this.#waiting.delete(request)
      this.#counts[ending.failure ? 'failed' : 'ok']++
      const at = performance.now()
      this.#ended.push({ ...ending, at, tookMs: at - dueAt })
    }
  }

  snapshot(): Snapshot {
    const now = performance.now()
    this.#ended = this.#ended.filter(({ at }) => at > now - RECENT_S * 1000)
    const ages = [...this.#waiting].map(({ dueAt }) => now - dueAt)
    const histogram = latencies()
    for (const ms of [...this.#ended.map(({ tookMs }) => tookMs), ...ages]) histogram.record(ms)
    return {
      ...this.#counts,
      waiting: ages.length,
      oldestMs: Math.max(0, ...ages),
      p50Ms: histogram.percentile(50),
      p99Ms: histogram.percentile(99),
      missing: tally(this.#ended.flatMap(({ missing }) => missing)),
      failures: tally(this.#ended.flatMap(({ failure }) => failure ?? [])),
    }
  }
}

function tally(words: string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const word of words.toSorted()) counts[word] = (counts[word] ?? 0) + 1
  return counts
}
