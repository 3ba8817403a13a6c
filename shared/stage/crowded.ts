import { sleep } from '../core/sleep.ts'

/** Answers so many at a time. */
export const PLACES = 64
/** For one answer, as long as nobody waits. */
export const WORK_MS = 25

/** A carrier with a line before it: the longer that is, the slower it works. */
export class CrowdedCarrier {
  calls = 0
  /** Or else it hangs. */
  isWell = true
  #free = PLACES
  readonly #line: (() => void)[] = []

  /** @returns a price, in cents */
  readonly quote = async (signal: AbortSignal): Promise<number> => {
    this.calls++
    if (this.#free === 0) await new Promise<void>((resolve) => void this.#line.push(resolve))
    else this.#free--
    try {
      signal.throwIfAborted()
      await sleep(this.isWell ? WORK_MS * Math.sqrt(Math.max(1, this.#line.length / PLACES)) : Infinity, signal)
      return 590
    } finally {
      const next = this.#line.shift()
      if (next) next()
      else this.#free++
    }
  }
}
