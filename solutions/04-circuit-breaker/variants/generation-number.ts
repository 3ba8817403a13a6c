/**
 * Another shape: one generation number and plain fields, callbacks instead of an async function.
 * Replaces: circuit-breaker.ts
 */
import { CircuitOpenError } from '../../../shared/core/errors.ts'
import type { Operation } from '../../../shared/core/operation.ts'
import { type BreakerOptions, type BreakerState, withDefaults } from '../options.ts'
import { RollingWindow, type WindowCounts } from '../window.ts'

export type * from '../options.ts'

interface Ticket {
  generation: number
  number: number
}

export class CircuitBreaker {
  discarded = 0
  #options: Required<BreakerOptions>
  #status: BreakerState['status'] = 'closed'
  #generation = 0
  #tickets = 0
  #window: RollingWindow
  #row = 0
  #successes = 0
  #breaks = 0
  #openUntil = 0
  #cause: unknown
  #leases: { number: number; until: number }[] = []

  constructor(options: BreakerOptions = {}) {
    this.#options = withDefaults(options)
    this.#window = new RollingWindow(this.#options.windowMs, this.#options.buckets)
  }

  get state(): BreakerState {
    if (this.#status !== 'open') return { status: this.#status }
    return { status: 'open', retryAfterMs: Math.max(this.#openUntil - performance.now(), 0), cause: this.#cause }
  }

  execute<T>(operation: Operation<T>, signal: AbortSignal = new AbortController().signal): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      const ticket = this.before()
      const startedAt = performance.now()
      const answered = () => {
        const isSlow = performance.now() - startedAt >= this.#options.slowCallMs
        this.after(ticket, isSlow ? 'failure' : 'success')
      }
      const success = (value: T) => {
        answered()
        resolve(value)
      }
      const failure = (error: unknown) => {
        const refused = error instanceof CircuitOpenError
        if (signal.aborted || refused || this.#ask(false, () => this.#options.isExcluded(error)))
          this.after(ticket, 'neither')
        else if (this.#ask(true, () => this.#options.isFailure(error))) this.after(ticket, 'failure', error)
        else answered()
        reject(error)
      }
      let promise: Promise<T>
      try {
        promise = operation(signal)
      } catch (error) {
        return failure(error)
      }
      promise.then(success, failure)
    })
  }

  private before(): Ticket {
    const { probes, probeLeaseMs, name } = this.#options
    const now = performance.now()
    const number = this.#tickets++
    const isOver = this.#status === 'open' && now >= this.#openUntil
    if (this.#status === 'open' && !isOver)
      throw new CircuitOpenError(`${name} is open`, this.#openUntil - now, this.#cause)
    if (isOver) this.#enter('half-open')
    if (this.#status === 'half-open') {
      const isFull = this.#leases.length + this.#successes >= probes
      const retryAfterMs = (this.#leases[0]?.until ?? 0) - now
      if (isFull && retryAfterMs > 0) throw new CircuitOpenError(`${name} is half-open`, retryAfterMs, this.#cause)
      if (isFull) this.#leases.shift()
      this.#leases.push({ number, until: now + probeLeaseMs })
    }
    const ticket = { generation: this.#generation, number }
    if (isOver) this.#tell('open')
    return ticket
  }

  private after({ generation, number }: Ticket, outcome: 'success' | 'failure' | 'neither', error?: unknown): void {
    const { probes, consecutiveFailures, minimumCalls, failureRate } = this.#options
    const slot = this.#leases.findIndex((lease) => lease.number === number)
    if (generation !== this.#generation || (this.#status === 'half-open' && slot < 0)) {
      this.discarded += 1
      return
    }
    if (slot >= 0) this.#leases.splice(slot, 1)
    if (outcome === 'neither') return
    if (this.#status === 'half-open' && outcome === 'success') {
      this.#successes += 1
      if (this.#successes < probes) return
      this.#breaks = 0
      this.#enter('closed')
      this.#tell('half-open')
      return
    }
    this.#window.record(outcome === 'failure')
    this.#row = outcome === 'failure' ? this.#row + 1 : 0
    if (outcome === 'success') return
    const { calls, failures } = this.#window.counts()
    const isTooMuch = this.#row >= consecutiveFailures || (calls >= minimumCalls && failures / calls >= failureRate)
    if (this.#status === 'half-open' || isTooMuch) this.#trip(error)
  }

  #trip(error: unknown): void {
    const { breakMs, maxBreakMs, jitter, random } = this.#options
    let lengthMs = breakMs
    for (let i = 0; i < this.#breaks && lengthMs < maxBreakMs; i++) lengthMs *= 2
    if (lengthMs > maxBreakMs) lengthMs = maxBreakMs
    this.#breaks += 1
    this.#openUntil = performance.now() + lengthMs - lengthMs * jitter * random()
    const asked = error === undefined ? undefined : this.#ask(undefined, () => this.#options.retryAfterMs(error))
    if (Number.isFinite(asked)) this.#openUntil = Math.max(this.#openUntil, performance.now() + asked!)
    this.#cause = error
    const from = this.#status
    const window = from === 'closed' ? this.#window.counts() : undefined
    this.#enter('open')
    this.#tell(from, window)
  }

  #enter(status: BreakerState['status']): void {
    this.#status = status
    this.#generation += 1
    this.#leases = []
    this.#successes = 0
    this.#row = 0
    this.#window = new RollingWindow(this.#options.windowMs, this.#options.buckets)
  }

  #ask<T>(otherwise: T, question: () => T): T {
    try {
      return question()
    } catch (error) {
      process.emitWarning(String(error))
      return otherwise
    }
  }

  #tell(from: BreakerState['status'], window?: WindowCounts): void {
    const warn = (error: unknown) => process.emitWarning(String(error))
    try {
      Promise.resolve(this.#options.onChange({ name: this.#options.name, from, to: this.state, window })).catch(warn)
    } catch (error) {
      warn(error)
    }
  }
}
