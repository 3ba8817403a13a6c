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
type Pass<T> = (signal: AbortSignal) => Promise<Passed<T>[]>

/**
 * Stages through which items go, each at its own pace: one works on an item while the next one works on the item before.
 * Nothing is read before somebody asks, nor more than there is room for.
 *
 * Iterating it rejects once with what has ended it, and is done then: with what the source or a stage has thrown, or the
 * reason of `signal`. Whatever ends it, also leaving the loop (NotNeededError), aborts the signals that source and work were
 * given, and calls the source's `return()`; it waits for neither.
 */
export class Pipeline<T> implements AsyncIterable<Passed<T>, undefined> {
  readonly #signal: AbortSignal
  #pass: Pass<T>

  /** @param source items, or a function of a signal that makes them; called when the first is asked for */
  constructor(source: Source<T>, signal = new AbortController().signal) {
    this.#signal = signal
    this.#pass = async (signal) => {
      // First of all, everything.
      const all: Passed<T>[] = []
      for await (const value of typeof source === 'function' ? source(signal) : source)
        all.push({ index: all.length, status: 'fulfilled', value })
      return all
    }
  }

  /**
   * The same, with one more stage.
   *
   * @throws RangeError for an option out of its bounds
   */
  stage<O>(work: Work<T, O>, { isItemError = () => false }: StageOptions = {}): Pipeline<O> {
    const longer = new Pipeline<O>([], this.#signal)
    longer.#pass = async (signal) => {
      const all = await this.#pass(signal)
      return Promise.all(
        all.map(async (passed): Promise<Passed<O>> => {
          if (passed.status === 'rejected') return passed
          const { index, value } = passed
          try {
            return { index, status: 'fulfilled', value: await work(value, signal) }
          } catch (reason) {
            if (isItemError(reason)) return { index, status: 'rejected', reason }
            throw reason
          }
        }),
      )
    }
    return longer
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Passed<T>, undefined> {
    yield* await this.#pass(this.#signal)
    return undefined
  }
}
