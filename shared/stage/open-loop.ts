import type { Random } from '../core/random.ts'
import { sleep } from '../core/sleep.ts'

/** Milliseconds from one customer to the next. */
export type Gap = () => number

/** One like the other. */
export const evenly =
  (perSecond: number): Gap =>
  () =>
    1000 / perSecond

/** A Poisson process, as customers come who know nothing of each other; `perSecond` is the mean. */
export const atRandom =
  (perSecond: number, random: Random): Gap =>
  () =>
    (-Math.log(1 - random()) * 1000) / perSecond

/** So many may come in one turn of the event loop, when it was late for them. */
const BURST = 50

export interface Opening {
  gap: Gap
  /** How many come. Default: all who are due before `ms` are over. */
  count?: number
  /** For how long they come, in milliseconds. Default: for ever, or until `count` have come. */
  ms?: number
  /** Whoever was due longer ago than that does not come: the machine has slept, and so have the customers. Default: Infinity. */
  overdueMs?: number
  signal?: AbortSignal
}

/**
 * Tells of each customer when they are due, whether or not the earlier ones have been answered. Resolves when the last
 * has come, or the signal aborts.
 *
 * A closed loop would wait along with a slow server, and so never see how slow it is (Gil Tene: "coordinated omission");
 * so count a customer's time from `dueAt`, which is an instant of `performance.now()`, and not from when they are told of.
 */
export async function openLoop(
  { gap, count = Infinity, ms = Infinity, overdueMs = Infinity, signal }: Opening,
  arrive: (dueAt: number) => void,
): Promise<void> {
  const startedAt = performance.now()
  let dueAt = startedAt
  for (let come = 0; come < count; come++) {
    dueAt = Math.max(dueAt + gap(), performance.now() - overdueMs)
    if (dueAt - startedAt > ms) return
    const earlyMs = dueAt - performance.now()
    // Also who is late lets the answers of the others come in, now and then.
    if (earlyMs > 0 || come % BURST === 0) await sleep(Math.max(0, earlyMs), signal).catch(() => {})
    if (signal?.aborted) return
    arrive(dueAt)
  }
}
