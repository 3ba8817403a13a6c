import { sleep } from '../core/sleep.ts'
import { classOf, lessonsOf } from './class.ts'
import { Laptop } from './laptop.ts'
import { written } from './view.ts'

/** How much faster than a real one the clock of a rehearsal goes. */
export const SPEED = 20
const SEED = 1

/** Has so many who do not exist work on the first chapter; resolves when its minutes are over, or the signal aborts. */
export async function rehearse(address: string, people: number, now: () => number, signal: AbortSignal): Promise<void> {
  const [lesson] = lessonsOf([written[0]!])
  const begunAt = now()
  // They begin at once.
  const epoch = begunAt - lesson!.startMs
  const laptops = Array.from({ length: people }, (_, number) => new Laptop(address, number, { now }))
  for (const { atMs, laptop, standing } of classOf(people, [lesson!], SEED, epoch)) {
    const leftMs = (epoch + atMs - now()) / SPEED
    if (leftMs > 0) await sleep(leftMs, signal).catch(() => {})
    if (signal.aborted) return
    void laptops[laptop]!.run(standing)
  }
}
