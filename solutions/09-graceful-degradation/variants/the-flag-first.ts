/**
 * Asks the flag before it looks whether the caller has gone, and races the operation itself.
 * Replaces: extras.ts
 */
import { checkOptions } from '../../../shared/core/options.ts'
import { timerMs } from '../options.ts'
import { TimeoutError } from '../../../shared/core/errors.ts'
import type { Operation } from '../../../shared/core/operation.ts'
import type { Flag } from '../flags.ts'

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
    checkOptions(options, { limitMs: timerMs })
    this.options = options
  }

  /** Never rejects; where the caller has gone, the extra has failed with the reason of `signal`. */
  async run<T>(
    name: string,
    operation: Operation<T>,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<Extra<T>> {
    const { flagOf, allows, limitMs } = this.options
    const own = new AbortController()
    let timer: NodeJS.Timeout | undefined
    let onAbort = () => {}
    try {
      const flag = flagOf(name)
      if (flag === 'off') return { status: 'off' }
      if (flag === 'auto' && !allows(name)) return { status: 'dimmed' }
      signal.throwIfAborted()
      const startedAt = performance.now()
      const ended = new Promise<Extra<T>>((resolve) => {
        timer = setTimeout(() => {
          const cause = new TimeoutError(`${name} took longer than ${limitMs} ms`, {
            elapsedMs: performance.now() - startedAt,
          })
          resolve({ status: 'late', cause })
          own.abort(cause)
        }, limitMs)
        onAbort = () => {
          resolve({ status: 'failed', cause: signal.reason })
          own.abort(signal.reason)
        }
        signal.addEventListener('abort', onAbort)
      })
      const given = operation(own.signal).then((value): Extra<T> => ({ status: 'given', value }))
      return await Promise.race([given, ended])
    } catch (cause) {
      return { status: 'failed', cause }
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    }
  }
}
