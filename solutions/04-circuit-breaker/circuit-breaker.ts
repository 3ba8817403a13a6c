import { inspect } from 'node:util'
import { CircuitOpenError } from '../../shared/core/errors.ts'
import { neverAborts } from '../../shared/core/never-aborts.ts'
import type { Operation } from '../../shared/core/operation.ts'
import { type BreakerOptions, type BreakerState, withDefaults } from './options.ts'
import { RollingWindow, type WindowCounts } from './window.ts'

export type { BreakerChange, BreakerOptions, BreakerState } from './options.ts'

interface Probe {
  readonly leaseUntil: number
}
interface Closed {
  readonly status: 'closed'
  readonly window: RollingWindow
  failuresInARow: number
}
/** `breaks` counts the breaks in a row that ended in a failed probe. */
type State =
  | Closed
  | { readonly status: 'open'; readonly until: number; readonly breaks: number; readonly cause: unknown }
  | { readonly status: 'half-open'; readonly probes: Set<Probe>; successes: number; breaks: number; cause: unknown }

/** The generation that let a call in: its result counts as long as that is still in force. */
type Permit = Closed | Probe

/** What the end of a call says about the upstream; `excluded`: nothing. */
type Verdict = 'failure' | 'success' | 'excluded'

/**
 * Stops asking an upstream that does not answer, so that callers fail at once and the upstream can recover; then lets a
 * few probes find out whether it has. After Michael Nygard, "Release It!"; state machine as in Martin Fowler's
 * "CircuitBreaker".
 *
 * Each change of state makes a new state object, which is the generation: a call remembers the one that let it in, and
 * what it brings back is for that one only. There are no timers: a break is over when somebody asks after its end. All
 * time is that of `performance.now()`, which no correction of the wall clock touches.
 */
export class CircuitBreaker {
  readonly #options: Required<BreakerOptions>
  #state: State
  #discarded = 0

  /** @throws RangeError for an option out of its bounds */
  constructor(options: BreakerOptions = {}) {
    this.#options = withDefaults(options)
    this.#state = this.#closed()
  }

  get state(): BreakerState {
    const state = this.#state
    if (state.status !== 'open') return { status: state.status }
    return { status: 'open', retryAfterMs: Math.max(0, state.until - performance.now()), cause: state.cause }
  }

  /** Results so far, those of cancelled calls too, that came too late: the state that let their calls in was over. */
  get discarded(): number {
    return this.#discarded
  }

  /**
   * Runs `operation`, if the circuit lets it, and settles as it does. A failure counts neither for nor against the
   * upstream when `signal` has aborted by then; so put a timeout inside of the breaker, where its error is a failure.
   * Nor does the refusal of a breaker further in; that must be another one, as nobody gets past his own probe.
   *
   * @throws CircuitOpenError at once, without calling `operation`; `cause` is the failure that opened the circuit
   * @throws the reason of `signal`, if it had aborted before; and whatever `operation` throws, as it is
   */
  async execute<T>(operation: Operation<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted()
    const permit = this.#before()
    const { slowCallMs } = this.#options
    const slowAt = slowCallMs < Infinity ? performance.now() + slowCallMs : Infinity
    let result: T
    try {
      result = await operation(signal ?? neverAborts)
    } catch (error) {
      this.#after(permit, slowAt, signal?.aborted ? 'excluded' : this.#verdict(error), error)
      throw error
    }
    // What has come is here, be the caller gone or not: a parcel is booked.
    this.#after(permit, slowAt, 'success')
    return result
  }

  /** Lets a call in, or throws. */
  #before(): Permit {
    const state = this.#state
    if (state.status === 'closed') return state
    const now = performance.now()
    const probe: Probe = { leaseUntil: now + this.#options.probeLeaseMs }
    if (state.status === 'open') {
      const { until, breaks, cause } = state
      if (now < until) throw this.#refusal('open', until - now, cause)
      // The probe has its slot before anybody hears of the change: a listener may well call execute.
      this.#become({ status: 'half-open', probes: new Set([probe]), successes: 0, breaks, cause })
      return probe
    }
    const { probes, successes, cause } = state
    if (probes.size + successes >= this.#options.probes) {
      // Sets keep their order: the first lease is the first to end.
      const oldest = probes.values().next().value!
      if (now < oldest.leaseUntil)
        throw this.#refusal('half-open, its probes under way', oldest.leaseUntil - now, cause)
      probes.delete(oldest)
    }
    probes.add(probe)
    return probe
  }

  #verdict(error: unknown): Verdict {
    const { isExcluded, isFailure } = this.#options
    try {
      // A breaker further in has refused: nobody was asked.
      if (error instanceof CircuitOpenError || isExcluded(error)) return 'excluded'
      return isFailure(error) ? 'failure' : 'success'
    } catch (mistake) {
      this.#warn('isExcluded or isFailure', mistake)
      return 'failure'
    }
  }

  /** Takes back a permit, and what came of it. */
  #after(permit: Permit, slowAt: number, verdict: Verdict, cause?: unknown): void {
    const isSlow = slowAt < Infinity && performance.now() >= slowAt
    // Any answer, a 404, too; it is not to be the cause, since it is not what was wrong.
    if (isSlow && verdict === 'success') return this.#after(permit, Infinity, 'failure')
    const state = this.#state
    const failed = verdict === 'failure'
    if (state === permit) {
      if (verdict === 'excluded') return
      state.failuresInARow = failed ? state.failuresInARow + 1 : 0
      if (this.#options.failureRate < Infinity) state.window.record(failed)
      // Only a failure opens: after a success, the upstream has just answered.
      if (failed && this.#isTooMuch(state)) this.#open(0, cause, state.window.counts())
    } else if (state.status === 'half-open' && state.probes.delete(permit as Probe)) {
      if (failed) this.#open(state.breaks + 1, cause)
      else if (verdict === 'success' && ++state.successes === this.#options.probes) this.#become(this.#closed())
    } else this.#discarded++
  }

  #isTooMuch({ window, failuresInARow }: Closed): boolean {
    const { consecutiveFailures, failureRate, minimumCalls } = this.#options
    if (failuresInARow >= consecutiveFailures) return true
    const { calls, failures } = window.counts()
    // Divided, not multiplied: 100 * 0.07 is more than 7.
    return calls >= minimumCalls && failures / calls >= failureRate
  }

  #open(breaks: number, cause: unknown, window?: WindowCounts): void {
    const { breakMs, maxBreakMs, jitter, random } = this.#options
    const chance = jitter * random()
    // Jitter comes after the cap, or else all the long breaks would be of the same length.
    const ownMs = Math.min(maxBreakMs, breakMs * 2 ** breaks) * (1 - chance)
    const lengthMs = Math.max(ownMs, this.#askedMs(cause) * (1 + chance))
    this.#become({ status: 'open', until: performance.now() + lengthMs, breaks, cause }, window)
  }

  /** For how long the upstream has asked to be left in peace; 0 for what is no number of milliseconds. */
  #askedMs(error: unknown): number {
    try {
      const askedMs = error === undefined ? 0 : this.#options.retryAfterMs(error)
      return typeof askedMs === 'number' && askedMs < Infinity ? askedMs : 0
    } catch (mistake) {
      this.#warn('retryAfterMs', mistake)
      return 0
    }
  }

  #closed(): Closed {
    const { windowMs, buckets } = this.#options
    return { status: 'closed', window: new RollingWindow(windowMs, buckets), failuresInARow: 0 }
  }

  #become(next: State, window?: WindowCounts): void {
    const from = this.#state.status
    this.#state = next
    const { name, onChange } = this.#options
    const change = { name, from, to: this.state, window }
    // An async function: whether the listener throws or rejects, it ends below and not in the call that it heard of.
    const tell = async () => onChange(change)
    tell().catch((mistake) => this.#warn('onChange', mistake))
  }

  /** About somebody else's code, called in the middle of ours: its mistakes must not be the caller's, nor be silent. */
  #warn(callback: string, mistake: unknown): void {
    process.emitWarning(`${callback} of the circuit breaker ${this.#options.name}: ${inspect(mistake)}`)
  }

  #refusal(how: string, retryAfterMs: number, cause: unknown): CircuitOpenError {
    const message = `The circuit of ${this.#options.name} is ${how}; try again in ${Math.ceil(retryAfterMs)} ms`
    return new CircuitOpenError(message, retryAfterMs, cause)
  }
}
