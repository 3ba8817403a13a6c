/** How often it looks whether it is late. */
export const TICK_MS = 10

/** How late the event loop is: for how long whatever comes in now has to lie there before anybody reads it. */
export class LoopDelay {
  /** Milliseconds. */
  get ms(): number {
    // An event loop has no queue that one could measure.
    return 0
  }

  stop(): void {}
}
