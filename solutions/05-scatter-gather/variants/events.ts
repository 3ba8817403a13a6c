/**
 * An object that reacts to events: a leg that answers or fails, the clock, the caller. All state in one array of slots.
 * Replaces: scatter-gather.ts
 */
import { NotNeededError, TimeoutError } from '../../../shared/core/errors.ts'
import type { GatherOptions, Leg } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

type Slot<T> =
  | { state: 'queued'; leg: Leg<T> }
  | { state: 'in flight'; controller: AbortController }
  | { state: 'ended'; result: PromiseSettledResult<T> }

export function scatterGather<T>(legs: Leg<T>[], options: GatherOptions<T> = {}): Promise<PromiseSettledResult<T>[]> {
  return new Promise((resolve) => new Gathering(legs, options, resolve).begin())
}

class Gathering<T> {
  readonly #slots: Slot<T>[]
  readonly #options: Required<Omit<GatherOptions<T>, 'signal' | 'discard'>> & GatherOptions<T>
  readonly #resolve: (results: PromiseSettledResult<T>[]) => void
  readonly #startedAt = performance.now()
  readonly #deadline: number
  #timer: NodeJS.Timeout | undefined

  constructor(legs: Leg<T>[], options: GatherOptions<T>, resolve: (results: PromiseSettledResult<T>[]) => void) {
    this.#resolve = resolve
    this.#slots = legs.map((leg) => ({ state: 'queued', leg }))
    const defaults = {
      timeoutMs: Infinity,
      deadline: Infinity,
      marginMs: 0,
      concurrency: Infinity,
      enough: Infinity,
      required: 0,
    }
    this.#options = { ...defaults, ...options }
    const { timeoutMs, deadline, marginMs, concurrency, enough, required } = this.#options
    const numbers = { timeoutMs, deadline, marginMs, concurrency, enough, required }
    const whole = (value: number) => value === Infinity || Number.isInteger(value)
    const wrong = Object.entries({
      timeoutMs: timeoutMs >= 0,
      deadline: !Number.isNaN(deadline),
      marginMs: marginMs >= 0 && marginMs < Infinity,
      concurrency: whole(concurrency) && concurrency >= 1,
      enough: whole(enough) && enough >= 1,
      required: Number.isInteger(required) && required >= 0 && required <= enough,
    }).find(([name, right]) => !right || typeof numbers[name as keyof typeof numbers] !== 'number')
    if (wrong) throw new RangeError(`${wrong[0]} makes no sense`)
    this.#deadline = Math.min(deadline - marginMs, this.#startedAt + timeoutMs - marginMs)
  }

  begin(): void {
    const { signal } = this.#options
    signal?.addEventListener('abort', this.#onAbort)
    if (signal?.aborted) return this.#onAbort()
    if (this.#deadline < Infinity && this.#onTick()) return
    this.#next()
  }

  #onAbort = () => this.#end(() => this.#options.signal?.reason)

  #onTick = (): boolean => {
    const leftMs = this.#deadline - performance.now()
    if (leftMs > 0) this.#timer = setTimeout(this.#onTick, Math.min(leftMs, 2 ** 31 - 1))
    else {
      const elapsedMs = performance.now() - this.#startedAt
      this.#end(({ state }) => new TimeoutError('Late', { elapsedMs, attempts: state === 'queued' ? 0 : 1 }))
    }
    return leftMs <= 0
  }

  #next(): void {
    const ended = this.#slots.flatMap((slot) => (slot.state === 'ended' ? [slot.result.status] : []))
    const failures = ended.filter((status) => status === 'rejected').length
    const { enough, required, concurrency } = this.#options
    if (ended.length - failures >= enough || this.#slots.length - failures < required) {
      return this.#end(() => new NotNeededError('Not needed'))
    }
    if (ended.length === this.#slots.length) return this.#end(() => undefined)
    for (const [index, slot] of this.#slots.entries()) {
      const inFlight = this.#slots.filter(({ state }) => state === 'in flight').length
      if (performance.now() >= this.#deadline) return
      if (slot.state === 'queued' && inFlight < concurrency) void this.#ask(index, slot.leg)
    }
  }

  async #ask(index: number, leg: Leg<T>): Promise<void> {
    const controller = new AbortController()
    const mine: Slot<T> = { state: 'in flight', controller }
    this.#slots[index] = mine
    let result: PromiseSettledResult<T>
    try {
      result = { status: 'fulfilled', value: await leg(controller.signal, this.#deadline) }
    } catch (reason) {
      result = { status: 'rejected', reason }
    }
    if (this.#slots[index] === mine) {
      this.#slots[index] = { state: 'ended', result }
      this.#next()
    } else if (result.status === 'fulfilled') {
      await Promise.resolve(result.value)
        .then(this.#options.discard)
        .catch(() => {})
    }
  }

  #end(reasonFor: (slot: Slot<T>) => unknown): void {
    clearTimeout(this.#timer)
    this.#options.signal?.removeEventListener('abort', this.#onAbort)
    const results: PromiseSettledResult<T>[] = []
    for (const [index, slot] of this.#slots.entries()) {
      const result = slot.state === 'ended' ? slot.result : { status: 'rejected' as const, reason: reasonFor(slot) }
      results.push(result)
      this.#slots[index] = { state: 'ended', result }
      if (slot.state === 'in flight') slot.controller.abort(result.status === 'rejected' ? result.reason : undefined)
    }
    this.#resolve(results)
  }
}
