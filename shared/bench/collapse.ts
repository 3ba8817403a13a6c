/*
 * The sharp edge: hedges are load, and load makes requests late, and late requests are hedged. Twenty replicas, each
 * working on one request at a time and first come first served; Poisson arrivals, exponential service times with a mean
 * of 20 ms; seeded, in virtual time, through the chapter's own hedge():
 *
 *     npm run bench collapse
 */
import { HedgeBudget } from '#chapters/06-hedged-requests/budget.ts'
import { hedge } from '#chapters/06-hedged-requests/hedge.ts'
import { LiveLatency } from '#chapters/06-hedged-requests/latency.ts'
import { latencies } from '../core/percentiles.ts'
import { type Random, seededRandom } from '../core/random.ts'
import { sleep } from '../core/sleep.ts'
import { plot } from './plot.ts'
import { Replica } from './replica.ts'
import { report } from './report.ts'
import { percent } from './table.ts'
import { inVirtualTime } from './virtual-time.ts'

const REPLICAS = 20
const SERVICE_MS = 20

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

/** `load` is the share of the replicas' time that the requests need, without hedges; the same seed is the same requests. */
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

async function main(requests: number): Promise<void> {
  const loads = [0.3, 0.5, 0.7, 0.9]
  const all: { name: string; results: Result[] }[] = []
  for (const [name, strategy] of Object.entries(strategies)) {
    const results = []
    for (const load of loads) results.push(await collapse(strategy, load, requests))
    all.push({ name, results })
  }
  const atSeventy = (name: keyof typeof strategies) => all.find((it) => it.name === name)!.results[2]!
  const none = atSeventy('no hedge')
  const greedy = atSeventy('after 20 ms, no budget, no cancel')
  const careful = atSeventy('live p95, 5 % budget')
  const best = all.at(-1)!.results

  report('collapse', {
    title: 'Hedging without a budget collapses a service',
    about:
      `${REPLICAS} replicas, each working on one request at a time, first come first served; Poisson arrivals, ` +
      `exponential service times with a mean of ${SERVICE_MS} ms; ${requests.toLocaleString('en')} requests for each ` +
      'figure. “No cancel” means that the losers are worked on all the same.',
    virtual: true,
    figures: {
      noneP99Ms: none.p99Ms,
      greedyP99Ms: greedy.p99Ms,
      greedyExtra: greedy.extra,
      budgetP99Ms: careful.p99Ms,
      budgetExtra: careful.extra,
    },
    tables: [
      {
        caption: 'p99 in ms, and the hedges for each request, by the load that the requests alone are',
        rows: [
          ['load', ...loads.flatMap((load) => [percent(load, 0), ''])],
          ...all.map(({ name, results }) => [
            name,
            ...results.flatMap(({ p99Ms, extra }) => [p99Ms, `(${percent(extra)})`]),
          ]),
        ],
      },
    ],
    claims: [
      {
        claim: 'at 70 % load, hedging without either makes p99 ten times worse',
        holds: greedy.p99Ms > 10 * none.p99Ms,
      },
      {
        claim: 'with a budget and cancel, p99 is better than without hedges at every load, for at most 5 % more',
        holds: best.every(({ p99Ms, extra }, i) => p99Ms < all[0]!.results[i]!.p99Ms && extra <= 0.05),
      },
    ],
    plots: {
      collapse: plot({
        title: 'p99 of a busy service, by how it hedges',
        x: { label: 'load without hedges', ticks: [0.3, 0.5, 0.7, 0.9], format: (load) => percent(load, 0) },
        y: { label: 'ms', ticks: [10, 100, 1000, 10_000, 100_000], log: true },
        series: all.map(({ name, results }) => ({
          label: name.replace('after 20 ms, no budget', 'no budget').replace('live p95, ', ''),
          points: results.map(({ p99Ms }, i) => [loads[i]!, p99Ms]),
        })),
      }),
    },
  })
}

if (process.argv[1] === import.meta.filename) await main(50_000)
