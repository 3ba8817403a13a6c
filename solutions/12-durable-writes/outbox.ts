import { randomUUID } from 'node:crypto'
import { ClosedError, OutboxFullError, TimeoutError } from '../../shared/core/errors.ts'
import { checkOptions, count, type Rule } from '../../shared/core/options.ts'
import { MAX_TIMER_MS } from '../../shared/core/sleep.ts'
import type { Disk } from './disk.ts'
import { Log } from './log.ts'
import type { DeadLetter, Item, OutboxOptions, OutboxStats } from './options.ts'
import { type Verdict, verdictOf } from './verdict.ts'
import { CongestionWindow, type Pass } from './window.ts'

/** Of what is owed, the log has what was put and what is done; of what is dead, a log of its own has the rest. */
type Put<T> = { put: Item<T>; at: number }
type Entry<T> = Put<T> | { done: number }
type Buried<T> = { dead: DeadLetter<T>; of: number }
type DeadEntry<T> = Buried<T> | { revived: number }

interface Owed<T> {
  item: Item<T>
  /** Of its record. */
  number: number
  /** When it was put, by the clock on the wall. */
  at: number
  /** Its place in the line: its number, or that of the last one there was when it failed. */
  turn: number
  strikes: number
  /** Successes of all, when it failed last. */
  seen: number
}

interface Dead<T> {
  letter: DeadLetter<T>
  /** Of its record in the dead log. */
  number: number
}

const attempt: Rule = [(value) => value > 0 && value <= MAX_TIMER_MS, 'milliseconds, above 0 and below 2³¹']

/** Delivers what was put into it, in this life or the next: at least once, and mostly once. */
export class Outbox<T> {
  readonly #log: Log<Entry<T>>
  readonly #deadLog: Log<DeadEntry<T>>
  readonly #options: Required<OutboxOptions<T>>
  /** By its number, in that order. */
  readonly #owed = new Map<number, Owed<T>>()
  /** By key, in order; the first of each is under way, or in the line. */
  readonly #byKey = new Map<string, Owed<T>[]>()
  /** Those whose turn it may be, by their turn. */
  readonly #line: Owed<T>[] = []
  readonly #underWay = new Set<AbortController>()
  readonly #dead: Dead<T>[] = []
  /** Puts that are being written. */
  #writing = 0
  /** Deliveries that are being struck off. */
  #striking = 0
  /** Delivered or dead, and the disk was full: struck off when it takes something again. */
  readonly #unwritten: Owed<T>[] = []
  #delivered = 0
  #failed = 0
  /** The last number that is owed. */
  #last = 0
  #timer: NodeJS.Timeout | undefined
  #isStopped = false
  #drained: Promise<number> | undefined
  #revived: Promise<void> | undefined
  #onIdle = () => {}

  /** @throws RangeError for options that are none, and what `Log.open` throws */
  static async open<T>(disk: Disk, options: OutboxOptions<T>): Promise<Outbox<T>> {
    const all: Required<OutboxOptions<T>> = {
      deliver: options.deliver,
      verdictOf: options.verdictOf ?? verdictOf,
      attemptMs: options.attemptMs ?? 10_000,
      capacity: options.capacity ?? 10_000,
      maxStrikes: options.maxStrikes ?? 10,
      window: options.window ?? new CongestionWindow(),
    }
    checkOptions(all, { attemptMs: attempt, capacity: count, maxStrikes: count })
    const log = await Log.open<Entry<T>>(disk)
    try {
      const outbox = new Outbox(log, await Log.open<DeadEntry<T>>(disk, { prefix: 'dead-' }), all)
      await outbox.#recover()
      return outbox
    } catch (error) {
      await log.close()
      throw error
    }
  }

  private constructor(log: Log<Entry<T>>, deadLog: Log<DeadEntry<T>>, options: Required<OutboxOptions<T>>) {
    this.#log = log
    this.#deadLog = deadLog
    this.#options = options
  }

  /** Whatever was cut off when it was opened. */
  get torn(): { file: string; bytes: number } | undefined {
    return this.#log.torn ?? this.#deadLog.torn
  }

  get deadLetters(): DeadLetter<T>[] {
    return this.#dead.map(({ letter }) => letter)
  }

  get stats(): OutboxStats {
    const [oldest] = this.#owed.values()
    return {
      pending: this.#owed.size,
      oldestMs: oldest ? Math.max(0, Date.now() - oldest.at) : 0,
      inFlight: this.#underWay.size,
      window: this.#options.window.size,
      dead: this.#dead.length,
      bytes: this.#log.bytes + this.#deadLog.bytes,
      delivered: this.#delivered,
      failed: this.#failed,
      broken: this.#log.broken ?? this.#deadLog.broken,
    }
  }

  /**
   * Resolves when it is on disk, and from then on it is owed. What has one key is delivered in order.
   *
   * @param key the same with each attempt, in all lives, for whoever gets it to know it again. Default: a random one
   * @throws OutboxFullError when as much is owed; ClosedError once it drains; and what `Log.append` throws: then it may be
   * delivered all the same, once
   */
  async put(payload: T, key: string = randomUUID()): Promise<void> {
    const { capacity } = this.#options
    if (this.#drained) throw new ClosedError('The outbox is closed')
    if (this.#owed.size + this.#writing >= capacity) throw new OutboxFullError(capacity)
    await this.#put(payload, key)
  }

  /**
   * Takes nothing more, and delivers what is owed until there is nothing left, or `signal` aborts; then attempts end, and
   * nobody waits for them. Resolves with how many are still owed; the next life has them. The first call decides.
   */
  drain(signal?: AbortSignal): Promise<number> {
    return (this.#drained ??= this.#drain(signal))
  }

  /**
   * All dead letters are owed again, as if they had just been put; asked again meanwhile, it is the same promise.
   *
   * @throws what `put` throws
   */
  revive(): Promise<void> {
    return (this.#revived ??= this.#revive().finally(() => (this.#revived = undefined)))
  }

  async #revive(): Promise<void> {
    for (const { letter, number } of this.#dead.slice()) {
      await this.put(letter.payload, letter.key)
      // Put first: with a crash between, it is dead and owed, and may come twice; the other way round, never.
      const revived = await this.#deadLog.append({ revived: number })
      this.#dead.shift()
      await this.#deadLog.release(this.#dead[0]?.number ?? revived).catch(() => {})
    }
  }

  async #recover(): Promise<void> {
    const dead = new Map<number, Buried<T>>()
    for (const { number, record } of this.#deadLog.recovered.splice(0))
      if ('dead' in record) dead.set(number, record)
      else dead.delete(record.revived)
    for (const [number, { dead: letter }] of dead) this.#dead.push({ number, letter })
    const isDead = new Set([...dead.values()].map(({ of }) => of))
    const owed = new Map<number, Put<T>>()
    for (const { number, record } of this.#log.recovered.splice(0))
      if ('put' in record) owed.set(number, record)
      else owed.delete(record.done)
    for (const [number, { put, at }] of owed) {
      // The last life has ended between the two logs.
      if (isDead.has(number)) await this.#log.append({ done: number }).catch(() => {})
      else this.#owe(number, put, at)
    }
    this.#send()
  }

  async #put(payload: T, key: string): Promise<void> {
    this.#writing++
    try {
      const json: unknown = JSON.stringify(payload)
      if (typeof json !== 'string') throw new TypeError(`A payload must be JSON; got ${typeof payload}`)
      // As it is now, and as it will be in the next life.
      const put = { key, payload: JSON.parse(json) as T }
      const at = Date.now()
      this.#owe(await this.#append({ put, at }), put, at)
    } finally {
      this.#writing--
    }
    this.#send()
  }

  async #append(entry: Entry<T>): Promise<number> {
    const number = await this.#log.append(entry)
    // So there is room again.
    for (const delivered of this.#unwritten.splice(0)) void this.#strikeOff(delivered)
    return number
  }

  #owe(number: number, item: Item<T>, at: number): void {
    const owed: Owed<T> = { item, number, at, turn: number, strikes: 0, seen: -1 }
    this.#owed.set(number, owed)
    this.#last = number
    const same = this.#byKey.get(item.key)
    if (same) return void same.push(owed)
    this.#byKey.set(item.key, [owed])
    this.#queue(owed)
  }

  #queue(owed: Owed<T>): void {
    const before = this.#line.findLastIndex(({ turn }) => turn <= owed.turn)
    this.#line.splice(before + 1, 0, owed)
  }

  /** Sends as many as the window lets through. */
  #send(): void {
    const { window } = this.#options
    while (this.#line.length > 0 && !this.#isStopped) {
      const pass = window.enter()
      if (!pass) break
      void this.#attempt(this.#line.shift()!, pass)
    }
    clearTimeout(this.#timer)
    const pauseMs = this.#line.length > 0 && !this.#isStopped ? window.pauseMs : 0
    if (pauseMs > 0) this.#timer = setTimeout(() => this.#send(), Math.min(pauseMs, MAX_TIMER_MS))
    this.#onIdle()
  }

  async #attempt(owed: Owed<T>, pass: Pass): Promise<void> {
    const { window, verdictOf } = this.#options
    const stop = new AbortController()
    this.#underWay.add(stop)
    let outcome: { error: unknown } | undefined
    try {
      await this.#deliver(owed.item, stop)
    } catch (error) {
      outcome = { error }
    }
    this.#underWay.delete(stop)
    // Told to stop is not failed; the next life sends it again.
    if (outcome && this.#isStopped) return window.leave(pass, 'none')
    if (outcome) {
      this.#failed++
      const verdict = verdictOf(outcome.error)
      window.leave(pass, verdict.signal, verdict.retryAfterMs)
      await this.#judge(owed, verdict, outcome.error)
    } else {
      this.#delivered++
      window.leave(pass, 'free')
      this.#send()
      await this.#strikeOff(owed)
    }
    this.#send()
  }

  async #deliver(item: Item<T>, stop: AbortController): Promise<void> {
    const { deliver, attemptMs } = this.#options
    const stopped = Promise.withResolvers<never>()
    stop.signal.addEventListener('abort', () => stopped.reject(stop.signal.reason))
    const timer = setTimeout(
      () => stop.abort(new TimeoutError(`No delivery within ${attemptMs} ms`, { attempts: 1, elapsedMs: attemptMs })),
      attemptMs,
    )
    try {
      // Not by the signal alone: an attempt that is deaf to it would have its place for ever.
      await Promise.race([deliver(structuredClone(item), stop.signal), stopped.promise])
    } finally {
      clearTimeout(timer)
    }
  }

  async #judge(owed: Owed<T>, { refused }: Verdict, error: unknown): Promise<void> {
    // In an outage everybody fails, and nobody is to blame. What fails while others get through is about itself.
    if (owed.seen !== this.#delivered) owed.strikes++
    owed.seen = this.#delivered
    if (refused || owed.strikes >= this.#options.maxStrikes) return this.#bury(owed, error)
    // To the end of the line: it has had its turn, and may be the reason why nothing goes.
    owed.turn = this.#last
    this.#queue(owed)
  }

  async #bury(owed: Owed<T>, error: unknown): Promise<void> {
    const { item, number } = owed
    const letter = { ...item, reason: error instanceof Error ? error.message : String(error) }
    this.#striking++
    try {
      const at = await this.#deadLog.append({ dead: letter, of: number })
      this.#dead.push({ letter, number: at })
    } catch {
      // Still owed, and left alone until the next life.
      this.#next(owed)
      return
    } finally {
      this.#striking--
    }
    await this.#strikeOff(owed)
  }

  /** Resolves when it is written down that it is owed no more; only then it is its successor's turn. */
  async #strikeOff(owed: Owed<T>): Promise<void> {
    this.#owed.delete(owed.number)
    this.#striking++
    try {
      const done = await this.#append({ done: owed.number })
      this.#next(owed)
      // Not everything, where there is none: what was put meanwhile may be on disk, and not yet here.
      const [oldest = done] = this.#owed.keys()
      // What cannot be deleted now is deleted with the next.
      await this.#log.release(oldest).catch(() => {})
    } catch {
      // As long as that is not on disk, a next life sends it again; and before its successor, therefore.
      this.#unwritten.push(owed)
    } finally {
      this.#striking--
      this.#send()
    }
  }

  #next({ item: { key } }: Owed<T>): void {
    const same = this.#byKey.get(key)!
    same.shift()
    const [next] = same
    if (next) this.#queue(next)
    else this.#byKey.delete(key)
  }

  async #drain(signal?: AbortSignal): Promise<number> {
    const { promise: over, resolve } = Promise.withResolvers<void>()
    const onAbort = () => {
      this.#isStopped = true
      clearTimeout(this.#timer)
      for (const attempt of this.#underWay) attempt.abort(signal!.reason)
      resolve()
    }
    this.#onIdle = () => {
      const isBusy = this.#underWay.size + this.#line.length + this.#writing + this.#striking > 0
      if (!isBusy) resolve()
    }
    if (signal?.aborted) onAbort()
    else signal?.addEventListener('abort', onAbort)
    this.#onIdle()
    await over
    signal?.removeEventListener('abort', onAbort)
    this.#isStopped = true
    await Promise.all([this.#log.close(), this.#deadLog.close()])
    return this.#owed.size
  }
}
