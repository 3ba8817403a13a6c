import { NotNeededError } from '../../shared/core/errors.ts'
import { checkOptions, count, countOrNone } from '../../shared/core/options.ts'

export type Items<T> = AsyncIterable<T> | Iterable<T>

/** What became of an item; `index` is its place in the source, from 0. */
export type Passed<T> = { index: number } & PromiseSettledResult<T>

export interface StageOptions {
  /** Items at work at a time: a whole number, 1 or more. Default: 1. */
  concurrency?: number
  /** Finished items that may wait for the next stage, beside those at work: a whole number, 0 or more. Default: 0. */
  buffer?: number
  /** In the order of the source, or else as they finish. Default: true. */
  ordered?: boolean
  /** Whether what `work` has thrown is this item's trouble alone; what is not ends all. Default: nothing is. */
  isItemError?: (error: unknown) => boolean
}

type Source<T> = Items<T> | ((signal: AbortSignal) => Items<T>)
type Work<I, O> = (item: I, signal: AbortSignal) => O | Promise<O>
interface StagePlan extends Required<StageOptions> {
  work: Work<never, unknown>
}

/** Where items come from, one at a time: whoever asks again has had the answer. */
interface Flow<T> {
  next(): Promise<IteratorResult<Passed<T>, undefined>>
}

const DONE = { done: true, value: undefined } as const

/**
 * Stages through which items go, each at its own pace: one works on an item while the next one works on the item before.
 * Nothing is read before somebody asks, nor more than there is room for.
 *
 * Iterating it rejects once with what has ended it, and is done then: with what the source or a stage has thrown, or the
 * reason of `signal`. Whatever ends it, also leaving the loop (NotNeededError), aborts the signals that source and work were
 * given, and calls the source's `return()`; it waits for neither.
 */
export class Pipeline<T> implements AsyncIterable<Passed<T>, undefined> {
  readonly #source: Source<unknown>
  readonly #signal: AbortSignal | undefined
  #stages: readonly StagePlan[] = []

  /** @param source items, or a function of a signal that makes them; called when the first is asked for */
  constructor(source: Source<T>, signal?: AbortSignal) {
    this.#source = source
    this.#signal = signal
  }

  /**
   * The same, with one more stage.
   *
   * @throws RangeError for an option out of its bounds
   */
  stage<O>(
    work: Work<T, O>,
    { concurrency = 1, buffer = 0, ordered = true, isItemError = () => false }: StageOptions = {},
  ): Pipeline<O> {
    checkOptions({ concurrency, buffer }, { concurrency: count, buffer: countOrNone })
    const longer = new Pipeline<O>(this.#source as Source<O>, this.#signal)
    longer.#stages = [...this.#stages, { work, concurrency, buffer, ordered, isItemError }]
    return longer
  }

  [Symbol.asyncIterator](): AsyncIterator<Passed<T>, undefined> {
    return new Run<T>(this.#source, this.#stages, this.#signal)
  }
}

/** One way through a pipeline: what its consumer sees of it, and what its parts share. */
class Run<T> implements AsyncIterator<Passed<T>, undefined> {
  readonly #controller = new AbortController()
  readonly #source: Reader
  readonly #last: Flow<T>
  readonly #outer: AbortSignal | undefined
  readonly #asks: PromiseWithResolvers<IteratorResult<Passed<T>, undefined>>[] = []
  /** What has ended it while nobody asked. */
  #untold: { error: unknown } | undefined
  #hasBegun = false
  #isAsking = false
  isOver = false

  constructor(source: Source<unknown>, stages: readonly StagePlan[], signal: AbortSignal | undefined) {
    this.#outer = signal
    this.#source = new Reader(source, this)
    this.#last = stages.reduce<Flow<unknown>>((flow, plan) => new Stage(flow, plan, this), this.#source) as Flow<T>
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  next(): Promise<IteratorResult<Passed<T>, undefined>> {
    if (!this.#hasBegun) {
      this.#hasBegun = true
      if (this.#outer?.aborted) this.fail(this.#outer.reason)
      else this.#outer?.addEventListener('abort', this.#onAbort)
    }
    const { promise, resolve, reject } = Promise.withResolvers<IteratorResult<Passed<T>, undefined>>()
    if (!this.isOver) {
      this.#asks.push({ promise, resolve, reject })
      if (!this.#isAsking) void this.#ask()
    } else if (this.#untold) {
      reject(this.#untold.error)
      this.#untold = undefined
    } else resolve(DONE)
    return promise
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#end({ reason: new NotNeededError('Whoever read the pipeline has left it') })
    this.#untold = undefined
    return DONE
  }

  /** Ends it: whoever asks hears of it, now or next. */
  fail(error: unknown): void {
    if (this.isOver) return
    const ask = this.#asks.shift()
    if (ask) ask.reject(error)
    else this.#untold = { error }
    this.#end({ reason: error })
  }

  readonly #onAbort = () => this.fail(this.#outer!.reason)

  async #ask(): Promise<void> {
    this.#isAsking = true
    while (this.#asks.length > 0) {
      const result = await this.#last.next()
      if (this.isOver) return
      if (result.done) return this.#end()
      this.#asks.shift()!.resolve(result)
    }
    this.#isAsking = false
  }

  /** @param stop why what is under way is to stop; at the orderly end, nothing is */
  #end(stop?: { reason: unknown }): void {
    if (this.isOver) return
    this.isOver = true
    this.#outer?.removeEventListener('abort', this.#onAbort)
    for (const { resolve } of this.#asks.splice(0)) resolve(DONE)
    if (!stop) return
    this.#source.close()
    this.#controller.abort(stop.reason)
  }
}

type Ends = Pick<Run<unknown>, 'signal' | 'isOver' | 'fail'>

/** Reads the source. */
class Reader implements Flow<unknown> {
  readonly #source: Source<unknown>
  readonly #run: Ends
  #iterator: AsyncIterator<unknown> | Iterator<unknown> | undefined
  #isAsync = false
  #index = 0

  constructor(source: Source<unknown>, run: Ends) {
    this.#source = source
    this.#run = run
  }

  async next(): Promise<IteratorResult<Passed<unknown>, undefined>> {
    let hasYielded = false
    try {
      this.#iterator ??= this.#open()
      const { done, value } = await this.#iterator.next()
      hasYielded = !done
      if (!done)
        return {
          done: false,
          value: { index: this.#index++, status: 'fulfilled', value: this.#isAsync ? value : await value },
        }
      this.#iterator = undefined
    } catch (error) {
      // Whoever has thrown has ended, but not who has yielded a promise that rejects.
      if (!hasYielded) this.#iterator = undefined
      this.#run.fail(error)
    }
    return DONE
  }

  /** Not waited for: of a generator, `return()` stands in line behind the `next()` that hangs. */
  close(): void {
    const close = async () => this.#iterator?.return?.()
    close().catch(() => {})
  }

  #open() {
    const items = typeof this.#source === 'function' ? this.#source(this.#run.signal) : this.#source
    this.#isAsync = Symbol.asyncIterator in items
    return Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]()
  }
}

interface Place {
  result?: Passed<unknown>
}

/** Works on items, and holds what is finished until it is asked for: at most `concurrency` and `buffer` together. */
class Stage implements Flow<unknown> {
  readonly #before: Flow<unknown>
  readonly #plan: StagePlan
  readonly #run: Ends
  /** In the order in which they leave. Unordered, they come here when they are finished. */
  readonly #line = new Set<Place>()
  #held = 0
  #atWork = 0
  #isReading = false
  #isAtEnd = false
  #give: ((result: IteratorResult<Passed<unknown>, undefined>) => void) | undefined

  constructor(before: Flow<unknown>, plan: StagePlan, run: Ends) {
    this.#before = before
    this.#plan = plan
    this.#run = run
  }

  next(): Promise<IteratorResult<Passed<unknown>, undefined>> {
    return new Promise((resolve) => {
      this.#give = resolve
      this.#turn()
    })
  }

  /** Gives what can be given, and reads what there is room for. */
  #turn(): void {
    const { concurrency, buffer } = this.#plan
    const [first] = this.#line
    if (this.#give && first?.result) {
      this.#line.delete(first)
      this.#held--
      this.#give({ done: false, value: first.result })
      this.#give = undefined
    } else if (this.#isAtEnd && this.#held === 0) this.#give?.(DONE)
    if (this.#isReading || this.#isAtEnd) return
    if (this.#atWork < concurrency && this.#held < concurrency + buffer) void this.#read()
  }

  async #read(): Promise<void> {
    this.#isReading = true
    const { done, value } = await this.#before.next()
    this.#isReading = false
    if (this.#run.isOver) return
    if (done) this.#isAtEnd = true
    else void this.#pass(value)
    this.#turn()
  }

  async #pass(passed: Passed<unknown>): Promise<void> {
    const { ordered } = this.#plan
    const place: Place = {}
    this.#held++
    if (ordered) this.#line.add(place)
    if (passed.status === 'rejected') place.result = passed
    else {
      this.#atWork++
      place.result = await this.#work(passed)
      this.#atWork--
    }
    if (!ordered) this.#line.add(place)
    if (!this.#run.isOver) this.#turn()
  }

  async #work({ index, value }: { index: number; value: unknown }): Promise<Passed<unknown> | undefined> {
    const { work, isItemError } = this.#plan
    try {
      return { index, status: 'fulfilled', value: await work(value as never, this.#run.signal) }
    } catch (reason) {
      try {
        if (isItemError(reason)) return { index, status: 'rejected', reason }
        this.#run.fail(reason)
      } catch (thrown) {
        this.#run.fail(thrown)
      }
      return undefined
    }
  }
}
