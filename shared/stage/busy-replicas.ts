import { HedgeBudget } from '#chapters/06-hedged-requests/budget.ts'
import { hedge } from '#chapters/06-hedged-requests/hedge.ts'
import { LiveLatency } from '#chapters/06-hedged-requests/latency.ts'
import { latencies } from '../core/percentiles.ts'
import { type Random, seededRandom } from '../core/random.ts'
import { sleep } from '../core/sleep.ts'
import { Replica } from './replica.ts'
import { inVirtualTime } from './virtual-time.ts'

export const REPLICAS = 20
export const SERVICE_MS = 20

interface Strategy {
  /** Hedges after so many ms, and on no budget; else after the live 95th percentile, on one of 5 %. */
  afterMs?: number
  /** Whether the replicas hear of a cancelled request. */
  cancel: boolean
}

export const strategies = {
  'no hedge': { afterMs: Infinity, cancel: true },
  'after 20 ms, no budget, no cancel': { afterMs: 20, cancel: false },
  'after 20 ms, no budget': { afterMs: 20, cancel: true },
  'live p95, 5 % budget, no cancel': { cancel: false },
  'live p95, 5 % budget': { cancel: true },
} satisfies Record<string, Strategy>

export interface Result {
  p50Ms: number
  p99Ms: number
  /** Hedges for each request. */
  extra: number
}

/**
 * The sharp edge of hedging: hedges are load, and load makes requests late, and late requests are hedged. Twenty replicas,
 * each working on one request at a time and first come first served; Poisson arrivals, exponential service times with a
 * mean of 20 ms; seeded, in virtual time, through the chapter's own hedge().
 *
 * @param load the share of the replicas' time that the requests need, without hedges
 * @param seed the same one is the same requests
 */
export function collapse({ afterMs, cancel }: Strategy, load: number, requests: number, seed = 1): Promise<Result> {
  const [arrivals, first, second] = [1, 2, 3].map((purpose) => seededRandom(10 * seed + purpose)) as [
    Random,
    Random,
    Random,
  ]
  const exponential = (random: Random, mean: number) => -Math.log(1 - random()) * mean
  const replicas = Array.from({ length: REPLICAS }, () => new Replica())
  const latency =
    afterMs === undefined ? new LiveLatency() : { delayMs: () => afterMs, record: () => {}, recordCensored: () => {} }
  const budget = afterMs === undefined ? new HedgeBudget() : { deposit: () => {}, tryWithdraw: () => true }
  const taken = latencies()
  let hedges = 0

  const request = async (home: number, ms: number) => {
    const startedAt = performance.now()
    await hedge(
      (signal, number) => {
        const heard = cancel ? signal : undefined
        if (number === 0) return replicas[home]!.serve(ms, heard)
        hedges++
        const another = home + 1 + Math.floor(second() * (REPLICAS - 1))
        return replicas[another % REPLICAS]!.serve(exponential(second, SERVICE_MS), heard)
      },
      { idempotent: true, latency, budget },
    )
    taken.record(performance.now() - startedAt)
  }

  return inVirtualTime(async () => {
    const all: Promise<void>[] = []
    let at = 0
    // An open loop: the arrivals are set before the first answer, and do not wait for any.
    for (let i = 0; i < requests; i++) {
      at += exponential(arrivals, SERVICE_MS / (REPLICAS * load))
      const home = Math.floor(first() * REPLICAS)
      const ms = exponential(first, SERVICE_MS)
      all.push(sleep(at).then(() => request(home, ms)))
    }
    await Promise.all(all)
    return { p50Ms: taken.percentile(50), p99Ms: taken.percentile(99), extra: hedges / requests }
  })
}
