/*
 * What hedging without a budget does to a busy service (see stage/busy-replicas.ts), at four loads and by five strategies:
 *
 *     npm run bench collapse
 */
import { collapse, REPLICAS, type Result, SERVICE_MS, strategies } from '../stage/busy-replicas.ts'
import { plot } from '../stage/plot.ts'
import { report } from './report.ts'
import { percent } from '../stage/table.ts'

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

await main(50_000)
