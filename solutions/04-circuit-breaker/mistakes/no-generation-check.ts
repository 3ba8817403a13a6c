/**
 * Mistake: a result counts for the state that it finds, not for the one that let its call in.
 * Replaces: circuit-breaker.ts
 * Killed by: does in every one of them what its model does
 */
import { CircuitOpenError } from '../../../shared/core/errors.ts'
import type { Operation } from '../../../shared/core/operation.ts'
import { type BreakerOptions, type BreakerState, withDefaults } from '../options.ts'
import { RollingWindow } from '../window.ts'

export type * from '../options.ts'

type Permit = object
type State =
  | { status: 'closed'; window: RollingWindow; failuresInARow: number }
  | { status: 'open'; until: number; breaks: number }
  | { status: 'half-open'; probes: Map<Permit, number>; successes: number; breaks: number }

export class CircuitBreaker {
  readonly #options: Required<BreakerOptions>
  #state: State
  discarded = 0

  constructor(options: BreakerOptions = {}) {
    this.#options = withDefaults(options)
    this.#state = this.#closed()
  }

  get state(): BreakerState {
    const state = this.#state
    if (state.status !== 'open') return { status: state.status }
    return { status: 'open', retryAfterMs: Math.max(0, state.until - performance.now()), cause: undefined }
  }

  async execute<T>(operation: Operation<T>, signal = new AbortController().signal): Promise<T> {
    signal.throwIfAborted()
    const permit = this.#before()
    let failed: boolean | undefined = false
    try {
      return await operation(signal)
    } catch (error) {
      const isExcluded = signal.aborted || this.#options.isExcluded(error)
      failed = isExcluded ? undefined : this.#options.isFailure(error)
      throw error
    } finally {
      this.#after(permit, failed)
    }
  }

  #before(): Permit {
    const now = performance.now()
    if (this.#state.status === 'closed') return this.#state
    if (this.#state.status === 'open') {
      const { until, breaks } = this.#state
      if (now < until) throw new CircuitOpenError('open', until - now)
      this.#become({ status: 'half-open', probes: new Map(), successes: 0, breaks })
      return this.#before()
    }
    const { probes, successes } = this.#state
    if (probes.size + successes >= this.#options.probes) {
      const [oldest, until] = [...probes][0]!
      if (now < until) throw new CircuitOpenError('half-open', until - now)
      probes.delete(oldest)
    }
    const probe = {}
    probes.set(probe, now + this.#options.probeLeaseMs)
    return probe
  }

  #after(permit: Permit, failed: boolean | undefined): void {
    const state = this.#state
    const isCurrent = state.status === 'half-open' ? state.probes.delete(permit) : state === permit
    if (!isCurrent) this.discarded++
    if (failed === undefined) return
    if (state.status === 'half-open') {
      if (failed) this.#open(state.breaks + 1)
      else if (++state.successes >= this.#options.probes) this.#become(this.#closed())
    } else if (state.status === 'closed') {
      const { consecutiveFailures, failureRate, minimumCalls } = this.#options
      state.failuresInARow = failed ? state.failuresInARow + 1 : 0
      state.window.record(failed)
      const { calls, failures } = state.window.counts()
      const isTooMuch = calls >= minimumCalls && failures / calls >= failureRate
      if (failed && (isTooMuch || state.failuresInARow >= consecutiveFailures)) this.#open(0)
    }
  }

  #open(breaks: number): void {
    const { breakMs, maxBreakMs, jitter, random } = this.#options
    const lengthMs = Math.min(maxBreakMs, breakMs * 2 ** breaks) * (1 - jitter * random())
    this.#become({ status: 'open', until: performance.now() + lengthMs, breaks })
  }

  #closed(): State {
    const { windowMs, buckets } = this.#options
    return { status: 'closed', window: new RollingWindow(windowMs, buckets), failuresInARow: 0 }
  }

  #become(next: State): void {
    const from = this.#state.status
    this.#state = next
    this.#options.onChange({ name: this.#options.name, from, to: this.state })
  }
}
