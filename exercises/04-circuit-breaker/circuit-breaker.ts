import { CircuitOpenError } from '../../shared/core/errors.ts'
import { neverAborts } from '../../shared/core/never-aborts.ts'
import type { Operation } from '../../shared/core/operation.ts'
import { type BreakerOptions, type BreakerState, withDefaults } from './options.ts'

export type { BreakerChange, BreakerOptions, BreakerState } from './options.ts'

/** What the breaker has to know, and of that only what it needs in this state. Yours to extend, as is all below. */
type State =
  | { readonly status: 'closed'; failuresInARow: number }
  | { readonly status: 'open'; readonly until: number; readonly cause: unknown }
  | { readonly status: 'half-open'; readonly probes: Set<object>; successes: number; readonly cause: unknown }

/**
 * Stops asking an upstream that does not answer, so that callers fail at once and the upstream can recover; then lets a
 * few probes find out whether it has.
 */
export class CircuitBreaker {
  protected readonly options: Required<BreakerOptions>
  protected current: State = { status: 'closed', failuresInARow: 0 }

  /** @throws RangeError for an option out of its bounds */
  constructor(options: BreakerOptions = {}) {
    this.options = withDefaults(options)
  }

  get state(): BreakerState {
    const { current } = this
    if (current.status !== 'open') return { status: current.status }
    return { status: 'open', retryAfterMs: Math.max(0, current.until - performance.now()), cause: current.cause }
  }

  /** Results so far, those of cancelled calls too, that came too late: the state that let their calls in was over. */
  get discarded(): number {
    return 0
  }

  /**
   * Runs `operation`, if the circuit lets it, and settles as it does. A failure counts neither for nor against the
   * upstream when `signal` has aborted by then.
   *
   * @throws CircuitOpenError at once, without calling `operation`; `cause` is the failure that opened the circuit
   * @throws the reason of `signal`, if it had aborted before; and whatever `operation` throws, as it is
   */
  execute<T>(operation: Operation<T>, signal?: AbortSignal): Promise<T> {
    // No breaker is the simplest one: the next call may well succeed.
    return operation(signal ?? neverAborts)
  }

  /** The one place where the state changes: whoever listens hears of it here. */
  protected become(next: State): void {
    const from = this.current.status
    this.current = next
    this.options.onChange({ name: this.options.name, from, to: this.state })
  }

  /** What those get who are not let in. `how` is for people: open, or half-open. */
  protected refusal(how: string, retryAfterMs: number, cause: unknown): CircuitOpenError {
    const message = `The circuit of ${this.options.name} is ${how}; try again in ${Math.ceil(retryAfterMs)} ms`
    return new CircuitOpenError(message, retryAfterMs, cause)
  }
}
