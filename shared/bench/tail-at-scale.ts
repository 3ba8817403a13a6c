/*
 * The claim: "sending a hedging request after a 10 ms delay reduces the 99.9th-percentile latency for retrieving all
 * 1,000 values from 1,800 ms to 74 ms while sending just 2 % more requests" (Jeffrey Dean and Luiz André Barroso,
 * "The Tail at Scale", Communications of the ACM 56(2), 2013). Here with 100,000 requests to 100 leaves each, seeded,
 * in virtual time, through the chapter's own hedge():
 *
 *     tsx --conditions=solution shared/bench/tail-at-scale.ts
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { HedgeBudget } from '#chapters/06-hedged-requests/budget.ts'
import { hedge, type HedgeOptions } from '#chapters/06-hedged-requests/hedge.ts'
import { LiveLatency } from '#chapters/06-hedged-requests/latency.ts'
import { latencies } from '../core/percentiles.ts'
import { type Random, seededRandom } from '../core/random.ts'
import { percent, table } from './table.ts'
import { inVirtualTime } from './virtual-time.ts'

const LEAVES = 100

/** 98 % below 10 ms, 2 % mostly below 80 ms, and in 83,000 one at 1.5 to 2.1 s. */
function leafMs(random: Random): number {
  const draw = random()
  const within = random()
  if (draw < 1.2e-5) return 1_500 + 600 * within
  return draw < 0.98 ? 2 + 8 * within : 10 - 15 * Math.log(1 - within)
}

/** When a hedge is sent, and what pays for it. */
export const strategies = {
  'one request a leaf': null,
  'a second after 10 ms, as in the paper': () => ({
    latency: { delayMs: () => 10, record: () => {}, recordCensored: () => {} },
    budget: { deposit: () => {}, tryWithdraw: () => true },
  }),
  'after the live p98, on a 2 % budget': () => ({
    latency: new LiveLatency({ percentile: 98 }),
    // A hundred leaves are asked in one instant, so the hedges come in bursts too.
    budget: new HedgeBudget({ ratio: 0.02, burst: LEAVES }),
  }),
} satisfies Record<string, null | (() => Pick<HedgeOptions<void>, 'latency' | 'budget'>)>
export type Strategy = keyof typeof strategies

export interface Result {
  p50Ms: number
  p99Ms: number
  p999Ms: number
  /** Hedges for each leaf request. */
  extra: number
}

/** Each request asks all leaves, and is over when the slowest has answered; the same seed is the same slow leaves. */
export function tailAtScale(strategy: Strategy, requests: number, seed = 1): Promise<Result> {
  const first = seededRandom(seed)
  const second = seededRandom(seed + 1)
  let hedges = 0
  const ask = (_signal: unknown, number: number) => {
    if (number > 0) hedges++
    return new Promise<void>((resolve) => {
      setTimeout(resolve, leafMs(number > 0 ? second : first))
    })
  }
  return inVirtualTime(async () => {
    const hedging = strategies[strategy]?.()
    const askLeaf = () => (hedging ? hedge(ask, { idempotent: true, ...hedging }) : ask(null, 0))
    const taken = latencies()
    for (let i = 0; i < requests; i++) {
      const startedAt = performance.now()
      await Promise.all(Array.from({ length: LEAVES }, askLeaf))
      taken.record(performance.now() - startedAt)
    }
    const [p50Ms, p99Ms, p999Ms] = [50, 99, 99.9].map((p) => taken.percentile(p)) as [number, number, number]
    return { p50Ms, p99Ms, p999Ms, extra: hedges / (requests * LEAVES) }
  })
}

/** The share of requests to so many leaves, of which at least one is slower than 99 % of the leaves are. */
export function slowShare(leaves: number, requests: number, random: Random): number {
  let slow = 0
  for (let i = 0; i < requests; i++) {
    if (Array.from({ length: leaves }, random).some((draw) => draw > 0.99)) slow++
  }
  return slow / requests
}

async function main(requests: number): Promise<void> {
  const startedAt = performance.now()
  console.log(`${requests} requests, each to ${LEAVES} leaves\n`)
  // Each strategy on a thread of its own, whose TypeScript Node reads itself: what tsx does to keep the names of
  // functions doubles the time of ten million calls.
  const execArgv = process.execArgv.filter((arg) => arg.startsWith('--conditions'))
  const names = Object.keys(strategies) as Strategy[]
  const inWorker = (name: Strategy) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { name, requests }, execArgv })
    return new Promise<Result>((resolve, reject) => worker.once('message', resolve).once('error', reject))
  }
  const results = await Promise.all(names.map(inWorker))
  const unhedgedMs = results[0]!.p999Ms
  const rows = results.map(({ p50Ms, p99Ms, p999Ms, extra }, i) => {
    return [names[i]!, p50Ms, p99Ms, p999Ms, `${(unhedgedMs / p999Ms).toFixed(0)}x`, percent(extra, 2)]
  })
  console.log(table([['', 'p50 ms', 'p99 ms', 'p99.9 ms', 'cut', 'more requests'], ...rows]))

  console.log('\nHow many requests meet a leaf that is slower than 99 % of the leaves are\n')
  const random = seededRandom(3)
  const fanOuts = [1, 5, 10, 50, LEAVES]
  console.log(
    table([
      ['leaves', ...fanOuts.map(String)],
      ['1 - 0.99^leaves', ...fanOuts.map((leaves) => percent(1 - 0.99 ** leaves))],
      ['simulated', ...fanOuts.map((leaves) => percent(slowShare(leaves, requests, random)))],
    ]),
  )
  console.log(`\n${((performance.now() - startedAt) / 1000).toFixed(0)} s`)
}

if (!isMainThread && workerData?.name) {
  parentPort!.postMessage(await tailAtScale(workerData.name, workerData.requests))
} else if (process.argv[1] === import.meta.filename) {
  await main(100_000)
}
