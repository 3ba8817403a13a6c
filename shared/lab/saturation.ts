import { SATURATED_MS } from '../stage/loop-delay.ts'

/** A machine that is at its limit crosses it every second: it must have been well below for so long to count as calm. */
const CALM_MS = SATURATED_MS / 2
const FOR_MS = 10_000

/** Whether the machine has too much to do; what is shown of it does not flicker. */
export class Saturation {
  #busyUntil = -Infinity

  /** @param delayMs of the event loop, of late @param now in ms, on any clock that only goes on */
  update(delayMs: number, now: number): boolean {
    const isBusy = now < this.#busyUntil
    if (delayMs > (isBusy ? CALM_MS : SATURATED_MS)) this.#busyUntil = now + FOR_MS
    return now < this.#busyUntil
  }
}
