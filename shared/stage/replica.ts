import { sleep } from '../core/sleep.ts'

/** Works on one request at a time. Who aborts while waiting is withdrawn; work once begun runs to its end. */
export class Replica {
  readonly #queue = new Set<() => void>()
  #busy = false

  async serve(ms: number, signal?: AbortSignal): Promise<void> {
    if (this.#busy) await this.#turn(signal)
    this.#busy = true
    await sleep(ms)
    this.#busy = false
    const [next] = this.#queue
    next?.()
  }

  #turn(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const next = () => {
        this.#queue.delete(next)
        // Taken at once: whoever arrives before the one who waited continues must not overtake it.
        this.#busy = true
        resolve()
      }
      this.#queue.add(next)
      signal?.addEventListener('abort', () => this.#queue.delete(next) && reject(signal.reason))
    })
  }
}
