import { TimeoutError } from '../../shared/core/errors.ts'
import { neverAborts } from '../../shared/core/never-aborts.ts'
import type { Operation } from '../../shared/core/operation.ts'
import { checkOptions } from '../../shared/core/options.ts'
import type { Flag } from './flags.ts'
import { timerMs } from './options.ts'

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
  readonly #options: ExtrasOptions

  /** @throws RangeError for a limit out of its bounds */
  constructor(options: ExtrasOptions) {
    checkOptions(options, { limitMs: timerMs })
    this.#options = options
  }

  /** Never rejects; where the caller has gone, the extra has failed with the reason of `signal`. */
  async run<T>(name: string, operation: Operation<T>, signal: AbortSignal = neverAborts): Promise<Extra<T>> {
    const { flagOf, allows, limitMs } = this.#options
    const controller = new AbortController()
    const { promise: ended, resolve } = Promise.withResolvers<Extra<T>>()
    const stop = (status: 'late' | 'failed', cause: unknown) => {
      resolve({ status, cause })
      controller.abort(cause)
    }
    const onAbort = () => stop('failed', signal.reason)
    let timer: NodeJS.Timeout | undefined
    try {
      signal.throwIfAborted()
      const flag = flagOf(name)
      if (flag === 'off') return { status: 'off' }
      if (flag === 'auto' && !allows(name)) return { status: 'dimmed' }
      timer = setTimeout(() => stop('late', new TimeoutError(`${name} has taken ${limitMs} ms`)), limitMs)
      signal.addEventListener('abort', onAbort)
      const given = async (): Promise<Extra<T>> => ({ status: 'given', value: await operation(controller.signal) })
      // What it does after that, a rejection too, is heard by the race, and by nobody else.
      return await Promise.race([given(), ended])
    } catch (cause) {
      return { status: 'failed', cause }
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    }
  }
}
