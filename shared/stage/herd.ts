import { type Backoff, fullJitter } from '#chapters/03-retry/backoff.ts'
import { retry } from '#chapters/03-retry/retry.ts'
import { TimeoutError } from '../core/errors.ts'
import { seededRandom } from '../core/random.ts'
import { sleep } from '../core/sleep.ts'
import { inVirtualTime } from './virtual-time.ts'

/** All of whom are told, at the same instant, that their carrier is back. */
export const CLIENTS = 100
const TIMEOUT_MS = 200
const TICK_MS = 5

/** Works on eight calls at a time, in 20 ms. With more of them it gets in its own way, and does less the more there are. */
class Carrier {
  /** When each call came. */
  readonly calledAt: number[] = []
  #inFlight: { deadline: number; leftMs: number; resolve: () => void; reject: (error: Error) => void }[] = []

  call(): Promise<void> {
    const now = performance.now()
    this.calledAt.push(now)
    return new Promise((resolve, reject) => {
      this.#inFlight.push({ deadline: now + TIMEOUT_MS, leftMs: 20, resolve, reject })
    })
  }

  work(): void {
    const speed = Math.min(1, (8 / this.#inFlight.length) ** 2)
    this.#inFlight = this.#inFlight.filter((call) => {
      call.leftMs -= TICK_MS * speed
      if (call.leftMs <= 0) call.resolve()
      else if (performance.now() >= call.deadline) call.reject(new TimeoutError('The carrier did not answer in time'))
      else return true
      return false
    })
  }
}

/** From 100 ms, doubled each time. */
export const backoffs: Record<'withoutJitter' | 'withJitter', Backoff> = {
  *withoutJitter() {
    for (let ms = 100; ; ms *= 2) yield ms
  },
  withJitter: fullJitter({ baseMs: 100, capMs: 3_200 }),
}

/** What has become of a herd. */
export interface Herd {
  /** When the carrier was called, in ms since it is back. */
  calledAt: number[]
  /** Clients. */
  served: number
  /** Until the last of them was served, or gave up. */
  ms: number
}

/** Lets a hundred clients retry at once, with that backoff: through the chapter's own retry(), in virtual time, seeded. */
export function herd(backoff: Backoff): Promise<Herd> {
  return inVirtualTime(async () => {
    const carrier = new Carrier()
    const random = seededRandom(3)
    const outcomes = { served: 0, gaveUp: 0 }
    for (let client = 0; client < CLIENTS; client++) {
      retry(() => carrier.call(), { maxAttempts: 7, backoff, random }).then(
        () => outcomes.served++,
        () => outcomes.gaveUp++,
      )
    }
    while (outcomes.served + outcomes.gaveUp < CLIENTS) {
      await sleep(TICK_MS)
      carrier.work()
    }
    return { calledAt: carrier.calledAt, served: outcomes.served, ms: performance.now() }
  })
}
