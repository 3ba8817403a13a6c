import { hash } from 'node:crypto'
import { type Random, seededRandom } from '../core/random.ts'

/** `percent` of the requests take `ms` (0 to 60,000); the percents add up to 100. */
export type LatencyLaw = readonly { percent: number; ms: number }[]

/** Half of all calls are quick, one in a thousand takes a second: a page of many calls meets that one often. */
export const LONG_TAIL: LatencyLaw = [
  { percent: 50, ms: 5 },
  { percent: 45, ms: 10 },
  { percent: 4, ms: 80 },
  { percent: 0.9, ms: 800 },
  { percent: 0.1, ms: 1000 },
]

const MAX_MS = 60_000

/** Throws a RangeError unless the law can be drawn from. */
export function checkLaw(law: LatencyLaw): void {
  const sum = law.reduce((total, { percent }) => total + percent, 0)
  const fits = law.every(({ percent, ms }) => percent >= 0 && ms >= 0 && ms <= MAX_MS)
  if (fits && Math.abs(sum - 100) < 1e-6) return
  const got = JSON.stringify(law)
  throw new RangeError(`latency: expected percents that add up to 100, with 0 to ${MAX_MS} ms each, got ${got}`)
}

/** The latency at `draw` (0 to 1) of the law's distribution. */
export function latencyAt(law: LatencyLaw, draw: number): number {
  let percent = draw * 100
  const step = law.find((candidate) => (percent -= candidate.percent) < 0)
  return (step ?? law.at(-1))?.ms ?? 0
}

/**
 * ms × max(1, working / capacity)², at most a minute, for a request that makes it `working` requests at a time.
 * Up to its capacity a replica keeps its speed. At twice the capacity a request takes four times as long, so the
 * replica gets only half as much done: overload feeds itself.
 */
export function underLoad(ms: number, working: number, capacity: number): number {
  return Math.min(ms * Math.max(1, working / capacity) ** 2, MAX_MS)
}

/**
 * A generator of its own for each `purpose`, so that the requests of one replica do not change another's.
 * The seed is hashed, because the first draw from any small one is nearly 1: each replica would begin with its slowest.
 */
export function randomFor(seed: number, purpose: string): Random {
  return seededRandom(hash('sha256', `${seed} ${purpose}`, 'buffer').readInt32BE())
}
