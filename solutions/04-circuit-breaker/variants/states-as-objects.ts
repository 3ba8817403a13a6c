/**
 * Another shape: the state pattern. Each state is an object that lets a call in and hands it the function to report to.
 * Replaces: circuit-breaker.ts
 */
import { inspect } from 'node:util'
import { CircuitOpenError } from '../../../shared/core/errors.ts'
import type { Operation } from '../../../shared/core/operation.ts'
import { type BreakerOptions, type BreakerState, withDefaults } from '../options.ts'
import { RollingWindow, type WindowCounts } from '../window.ts'

export type * from '../options.ts'

type Outcome = { kind: 'success' | 'failure' | 'nothing'; error?: unknown }
type Report = (outcome: Outcome) => void
interface Phase {
  readonly state: BreakerState
  enter(): Report
}

export class CircuitBreaker {
  readonly options: Required<BreakerOptions>
  #phase: Phase
  #discarded = 0

  constructor(options?: BreakerOptions) {
    this.options = withDefaults(options ?? {})
    this.#phase = this.#closed()
  }

  get state(): BreakerState {
    return this.#phase.state
  }

  get discarded(): number {
    return this.#discarded
  }

  async execute<T>(operation: Operation<T>, signal?: AbortSignal): Promise<T> {
    const own = signal ?? new AbortController().signal
    own.throwIfAborted()
    const report = this.#phase.enter()
    const deadline = performance.now() + this.options.slowCallMs
    const [settled] = await Promise.allSettled([(async () => operation(own))()])
    const isSlow = performance.now() >= deadline
    const error = settled.status === 'rejected' ? settled.reason : undefined
    const kind = settled.status === 'fulfilled' ? 'success' : own.aborted ? 'nothing' : this.#kindOf(error)
    report(kind === 'success' && isSlow ? { kind: 'failure', error: undefined } : { kind, error })
    if (settled.status === 'rejected') throw settled.reason
    return settled.value
  }

  #kindOf(error: unknown): Outcome['kind'] {
    if (error instanceof CircuitOpenError) return 'nothing'
    try {
      return this.options.isExcluded(error) ? 'nothing' : this.options.isFailure(error) ? 'failure' : 'success'
    } catch (mistake) {
      process.emitWarning(`${this.options.name}: ${inspect(mistake)}`)
      return 'failure'
    }
  }

  #closed(): Phase {
    const { options } = this
    const window = new RollingWindow(options.windowMs, options.buckets)
    let row = 0
    const phase: Phase = {
      state: { status: 'closed' },
      enter: () => (outcome) => {
        if (this.#phase !== phase) this.#discarded++
        else if (outcome.kind === 'success') {
          row = 0
          window.record(false)
        } else if (outcome.kind === 'failure') {
          row++
          window.record(true)
          const { calls, failures } = window.counts()
          const isBad = calls >= options.minimumCalls && failures / calls >= options.failureRate
          if (isBad || row >= options.consecutiveFailures)
            this.#move(this.#open(options.breakMs, outcome.error), { calls, failures })
        }
      },
    }
    return phase
  }

  #open(wantedMs: number, cause: unknown): Phase {
    const { maxBreakMs, jitter, random } = this.options
    const fullMs = Math.min(wantedMs, maxBreakMs)
    const until = performance.now() + Math.max(fullMs * (1 - jitter * random()), this.#asked(cause))
    const leftMs = () => Math.max(0, until - performance.now())
    return {
      get state(): BreakerState {
        return { status: 'open', retryAfterMs: leftMs(), cause }
      },
      enter: () => {
        if (leftMs() > 0) throw new CircuitOpenError(`${this.options.name}: open`, leftMs(), cause)
        const next = this.#halfOpen(2 * fullMs, cause)
        const report = next.enter()
        this.#move(next)
        return report
      },
    }
  }

  #asked(error: unknown): number {
    if (error === undefined) return 0
    try {
      const ms = this.options.retryAfterMs(error)
      return Number.isFinite(ms) ? ms! : 0
    } catch (mistake) {
      process.emitWarning(`${this.options.name}: ${inspect(mistake)}`)
      return 0
    }
  }

  #halfOpen(nextBreakMs: number, cause: unknown): Phase {
    const { probes, probeLeaseMs, name } = this.options
    const leases = new Map<Report, number>()
    let successes = 0
    const phase: Phase = {
      state: { status: 'half-open' },
      enter: () => {
        const now = performance.now()
        if (leases.size + successes === probes) {
          const [oldest, until] = leases.entries().next().value!
          if (until > now) throw new CircuitOpenError(`${name}: half-open`, until - now, cause)
          leases.delete(oldest)
        }
        const report: Report = (outcome) => {
          const isLate = !leases.delete(report) || this.#phase !== phase
          if (isLate) this.#discarded++
          else if (outcome.kind === 'failure') this.#move(this.#open(nextBreakMs, outcome.error))
          else if (outcome.kind === 'success' && ++successes === probes) this.#move(this.#closed())
        }
        leases.set(report, now + probeLeaseMs)
        return report
      },
    }
    return phase
  }

  #move(next: Phase, window?: WindowCounts): void {
    const from = this.#phase.state.status
    this.#phase = next
    const { name, onChange } = this.options
    new Promise((resolve) => resolve(onChange({ name, from, to: next.state, ...(window ? { window } : {}) }))).catch(
      (error) => process.emitWarning(`${name}: ${inspect(error)}`),
    )
  }
}
