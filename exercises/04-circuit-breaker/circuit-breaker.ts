import { neverAborts } from '../../shared/core/never-aborts.ts'
import type { Operation } from '../../shared/core/operation.ts'
import { type BreakerOptions, type BreakerState, withDefaults } from './options.ts'

export type { BreakerChange, BreakerOptions, BreakerState } from './options.ts'

/**
 * Stops asking an upstream that does not answer, so that callers fail at once and the upstream can recover; then lets a
 * few probes find out whether it has.
 */
export class CircuitBreaker {
  protected readonly options: Required<BreakerOptions>

  /** @throws RangeError for an option out of its bounds */
  constructor(options: BreakerOptions = {}) {
    this.options = withDefaults(options)
  }

  get state(): BreakerState {
    return { status: 'closed' }
  }

  /** Results so far, those of cancelled calls too, that came too late: the state that let their calls in was over. */
  get discarded(): number {
    return 0
  }

  /**
   * Runs `operation`, if the circuit lets it, and settles as it does. A call whose `signal` has aborted by the time it
   * ends counts neither for nor against the upstream.
   *
   * @throws CircuitOpenError at once, without calling `operation`; `cause` is the failure that opened the circuit
   * @throws the reason of `signal`, if it had aborted before; and whatever `operation` throws, as it is
   */
  execute<T>(operation: Operation<T>, signal?: AbortSignal): Promise<T> {
    // No breaker is the simplest one: the next call may well succeed.
    return operation(signal ?? neverAborts)
  }
}
