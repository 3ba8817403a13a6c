/*
 * The claim: "sending a hedging request after a 10 ms delay reduces the 99.9th-percentile latency for retrieving all
 * 1,000 values from 1,800 ms to 74 ms while sending just 2 % more requests" (Jeffrey Dean and Luiz André Barroso,
 * "The Tail at Scale", Communications of the ACM 56(2), 2013). Here with 100,000 requests to 100 leaves each, seeded,
 * in virtual time, through the chapter's own hedge():
 *
 *     npm run bench tail-at-scale
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { HedgeBudget } from '#chapters/06-hedged-requests/budget.ts'
import { hedge, type HedgeOptions } from '#chapters/06-hedged-requests/hedge.ts'
import { LiveLatency } from '#chapters/06-hedged-requests/latency.ts'
import { latencies } from '../core/percentiles.ts'
import { type Random, seededRandom } from '../core/random.ts'
import { plot } from '../stage/plot.ts'
import { report } from './report.ts'
import { percent } from '../stage/table.ts'
import { inVirtualTime } from '../stage/virtual-time.ts'

const LEAVES = 100
const PAPER = { plainP999Ms: 1800, hedgedP999Ms: 74, extra: 0.02 }

const ONE_IN = [2, 3, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000]

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
  /** What one request in so many takes, at least, in ms. */
  oneIn: [requests: number, ms: number][]
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
    const oneIn = ONE_IN.map((n): [number, number] => [n, taken.percentile(100 - 100 / n)])
    return { p50Ms, p99Ms, p999Ms, extra: hedges / (requests * LEAVES), oneIn }
  })
}

async function main(requests: number): Promise<void> {
  // Each strategy on a thread of its own.
  const names = Object.keys(strategies) as Strategy[]
  const inWorker = (name: Strategy) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { name, requests } })
    return new Promise<Result>((resolve, reject) => worker.once('message', resolve).once('error', reject))
  }
  const all = await Promise.all(names.map(inWorker))
  const [plain, hedged, live] = all as [Result, Result, Result]
  const cut = (ms: number, from = plain.p999Ms) => `${(from / ms).toFixed(0)}×`

  report('tail-at-scale', {
    title: 'The Tail at Scale',
    about:
      '“Sending a hedging request after a 10 ms delay reduces the 99.9th-percentile latency for retrieving all 1,000 ' +
      'values from 1,800 ms to 74 ms while sending just 2 % more requests” (Dean and Barroso, 2013). Here ' +
      `${requests.toLocaleString('en')} requests to ${LEAVES} leaves each; of the leaves’ answers 98 % take below 10 ms, ` +
      '2 % mostly below 80, and one in 83,000 takes 1.5 to 2.1 s.',
    virtual: true,
    figures: {
      plainP999Ms: plain.p999Ms,
      hedgedP999Ms: hedged.p999Ms,
      hedgedExtra: hedged.extra,
      liveP999Ms: live.p999Ms,
      liveExtra: live.extra,
      paperPlainP999Ms: PAPER.plainP999Ms,
      paperHedgedP999Ms: PAPER.hedgedP999Ms,
      paperExtra: PAPER.extra,
    },
    tables: [
      {
        caption: 'From the first leaf’s question to the last one’s answer',
        rows: [
          ['', 'p50 ms', 'p99 ms', 'p99.9 ms', 'cut', 'more requests'],
          ...all.map(({ p50Ms, p99Ms, p999Ms, extra }, i) => {
            return [names[i]!, p50Ms, p99Ms, p999Ms, cut(p999Ms), percent(extra, 2)]
          }),
          ['the paper’s: one request', '', '', PAPER.plainP999Ms, '', ''],
          [
            'the paper’s: a second after 10 ms',
            '',
            '',
            PAPER.hedgedP999Ms,
            cut(PAPER.hedgedP999Ms, PAPER.plainP999Ms),
            percent(PAPER.extra, 0),
          ],
        ],
      },
    ],
    claims: [
      { claim: 'p99.9 twenty times lower, as in the paper', holds: plain.p999Ms / hedged.p999Ms > 20 },
      { claim: 'for 2 % more requests', holds: hedged.extra < 0.021 },
      { claim: 'on a live delay and a budget too', holds: plain.p999Ms / live.p999Ms > 20 && live.extra < 0.021 },
    ],
    plots: {
      'tail-at-scale': plot({
        title: `A request to ${LEAVES} leaves: how slow the slow ones are`,
        x: { label: 'one request in so many', ticks: [2, 10, 100, 1000, 10_000], log: true },
        y: { label: 'takes at least so many ms', ticks: [10, 100, 1000, 10_000], log: true },
        series: ['not hedged', 'after 10 ms', 'live, 2 % budget'].map((label, i) => ({ label, points: all[i]!.oneIn })),
      }),
    },
  })
}

if (!isMainThread && workerData?.name) {
  parentPort!.postMessage(await tailAtScale(workerData.name, workerData.requests))
} else if (process.argv[1] === import.meta.filename) {
  await main(100_000)
}
