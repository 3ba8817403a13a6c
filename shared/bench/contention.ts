import { type Backoff, decorrelatedJitter, equalJitter, fullJitter } from '#chapters/03-retry/backoff.ts'
import { seededRandom } from '../core/random.ts'
import { sleep } from '../core/sleep.ts'
import { inVirtualTime } from '../stage/virtual-time.ts'

const capMs = 2000
// The simulator's base is 5 ms, doubled before the first wait already; the decorrelated one begins with it as it is.
const doubling = fullJitter({ baseMs: 10, capMs })

export const strategies = {
  none: function* () {
    for (;;) yield 0
  },
  // Full jitter whose chance is always 1.
  exponential: () => doubling(() => 1),
  equal: equalJitter({ baseMs: 10, capMs }),
  full: doubling,
  decorrelated: decorrelatedJitter({ baseMs: 5, capMs }),
  // Capped after the draw: two of three clients that have reached the cap wait for exactly the cap.
  'decorrelated, as published': function* (random) {
    for (let delayMs = 5; ; yield delayMs) delayMs = Math.min(capMs, 5 + random() * (delayMs * 3 - 5))
  },
} satisfies Record<string, Backoff>
export type Strategy = keyof typeof strategies

/** The instants of all writes, in ms, and how long it took until the last client was done. */
export interface Trial {
  writesAt: number[]
  ms: number
}

/** So many clients who begin in one instant; the same seed gives the same trial. */
export function contend(backoff: Backoff, clients: number, seed: number): Promise<Trial> {
  const random = seededRandom(seed)
  // Box and Muller's: normal with a mean of 10 ms and a standard deviation of 2.
  const netMs = () => Math.abs(10 + 2 * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()))
  const writesAt: number[] = []
  let version = 0

  const client = async (delays: Iterator<number>) => {
    await sleep(netMs())
    for (;;) {
      const read = version
      // The answer's way, then that of the write.
      await sleep(netMs() + netMs())
      writesAt.push(performance.now())
      if (read === version) break
      await sleep(netMs() + delays.next().value + netMs())
    }
    version++
    await sleep(netMs())
  }
  return inVirtualTime(async () => {
    await Promise.all(Array.from({ length: clients }, () => client(backoff(random))))
    return { writesAt, ms: performance.now() }
  })
}

export async function mean(
  strategy: Strategy,
  clients: number,
  trials: number,
): Promise<{ calls: number; ms: number }> {
  const sum = { calls: 0, ms: 0 }
  for (let seed = 1; seed <= trials; seed++) {
    const { writesAt, ms } = await contend(strategies[strategy], clients, seed)
    sum.calls += writesAt.length
    sum.ms += ms
  }
  return { calls: sum.calls / trials, ms: sum.ms / trials }
}
