// See it fail: what one request in a thousand does to everybody, and what your hedge makes of it. Virtual time, seeded.
import { HedgeBudget } from '#chapters/06-hedged-requests/budget.ts'
import { hedge } from '#chapters/06-hedged-requests/hedge.ts'
import { LiveLatency } from '#chapters/06-hedged-requests/latency.ts'
import { collapse, strategies } from '../../shared/stage/busy-replicas.ts'
import { percent, table } from '../../shared/stage/table.ts'
import { inVirtualTime } from '../../shared/stage/virtual-time.ts'
import { latencyAt, LONG_TAIL } from '../../shared/carriers/latency.ts'
import { latencies } from '../../shared/core/percentiles.ts'
import { seededRandom } from '../../shared/core/random.ts'
import { sleep } from '../../shared/core/sleep.ts'

const REQUESTS = 30_000
const PERCENTILES = [50, 90, 99, 99.9, 99.99]

interface Scene {
  /** Of so many calls at once, the slowest counts. */
  fanOut: number
  /** For your hedge; 0 is without it. */
  maxAttempts: number
}

async function play({ fanOut, maxAttempts }: Scene): Promise<(string | number)[]> {
  const random = seededRandom(6)
  const options = {
    idempotent: true,
    maxAttempts,
    latency: new LiveLatency({ percentile: 90 }),
    budget: new HedgeBudget({ ratio: 0.1 }),
  }
  let sent = 0
  const ask = (signal?: AbortSignal) => {
    sent++
    // No two answers take the same time to the microsecond: a percentile would else lie on top of half of them.
    return sleep(latencyAt(LONG_TAIL, random()) * (1 - 0.02 * random()), signal)
  }
  const taken = latencies()
  await inVirtualTime(async () => {
    for (let i = 0; i < REQUESTS; i++) {
      const startedAt = performance.now()
      await Promise.all(Array.from({ length: fanOut }, () => (maxAttempts > 0 ? hedge(ask, options) : ask())))
      taken.record(performance.now() - startedAt)
    }
  })
  return [...PERCENTILES.map((p) => taken.percentile(p)), percent(sent / (REQUESTS * fanOut) - 1)]
}

/** Prints each row when it is there, as some are long in coming; the head is as wide as they may become. */
function printer(head: string[]): (row: (string | number)[]) => void {
  console.log(table([head]))
  return (row) => console.log(table([head, row]).split('\n')[1])
}

const law = LONG_TAIL.map(({ percent, ms }) => `${ms} (${percent} %)`).join(', ')
console.log(`One carrier, in ms: ${law}.\n`)
const scenes: Record<string, Scene> = {
  'one request': { fanOut: 1, maxAttempts: 0 },
  'five, the slowest counts': { fanOut: 5, maxAttempts: 0 },
  'your hedge, 2 attempts': { fanOut: 1, maxAttempts: 2 },
  'your hedge, 5 attempts': { fanOut: 1, maxAttempts: 5 },
  'your hedge, 10 attempts': { fanOut: 1, maxAttempts: 10 },
  'five, each with your hedge': { fanOut: 5, maxAttempts: 2 },
}
const percentiles = PERCENTILES.map((p) => `p${p}`.padStart(6))
const print = printer(['latency in ms'.padEnd(26), ...percentiles, 'extra'.padStart(7)])
for (const [name, scene] of Object.entries(scenes)) print([name, ...(await play(scene))])

console.log('\nThe sharp edge: 20 replicas, one request at a time each, busier and busier.')
console.log('p99 in ms, extra requests:\n')
const loads = [0.3, 0.5, 0.7, 0.9]
const printEdge = printer(['load'.padEnd(18), ...loads.flatMap((load) => [percent(load, 0).padStart(5), '     '])])
const edges = {
  'no hedge': strategies['no hedge'],
  'hedge, nobody pays': strategies['after 20 ms, no budget, no cancel'],
  'hedge, 5 % budget': strategies['live p95, 5 % budget'],
}
for (const [name, strategy] of Object.entries(edges)) {
  const row: string[] = [name]
  for (const load of loads) {
    const { p99Ms, extra } = await collapse(strategy, load, 10_000)
    row.push(p99Ms.toFixed(0), percent(extra, 0))
  }
  printEdge(row)
}
