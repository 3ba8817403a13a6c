/**
 * Mistake: cuts its slices in whole milliseconds, rounded up: all of them together are longer than the window.
 * Replaces: window.ts
 * Killed by: forgets what is older than the window
 */
import { RollingWindow as Correct } from '../window.ts'

export * from '../window.ts'

export class RollingWindow extends Correct {
  constructor(windowMs: number, buckets: number) {
    super(Math.ceil(windowMs / buckets) * buckets, buckets)
  }
}
