import { monitorEventLoopDelay } from 'node:perf_hooks'

const RESOLUTION_MS = 10
const HALF_S = 5

/** Above it, the traffic is late by as much as a good answer takes: figures are about the machine. */
export const SATURATED_MS = 20

/** How late this process's event loop is: what it does itself, and what others keep it from doing. */
export class LoopDelay {
  // Two that begin anew in turn, so that one of them always knows the last five to ten seconds.
  readonly #monitors = [
    monitorEventLoopDelay({ resolution: RESOLUTION_MS }),
    monitorEventLoopDelay({ resolution: RESOLUTION_MS }),
  ]
  #older: ReturnType<typeof monitorEventLoopDelay>
  readonly #turn: NodeJS.Timeout

  constructor() {
    for (const monitor of this.#monitors) monitor.enable()
    this.#older = this.#monitors[0]!
    this.#turn = setInterval(() => {
      this.#older.reset()
      this.#older = this.#monitors.find((monitor) => monitor !== this.#older)!
    }, HALF_S * 1000).unref()
  }

  get p99Ms(): number {
    // It measures from one tick of its timer to the next.
    return Math.max(0, this.#older.percentile(99) / 1e6 - RESOLUTION_MS)
  }

  stop(): void {
    clearInterval(this.#turn)
    for (const monitor of this.#monitors) monitor.disable()
  }
}
