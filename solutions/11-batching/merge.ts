import { NotNeededError } from '../../shared/core/errors.ts'
import { checkOptions, countOrNone } from '../../shared/core/options.ts'
import { Channel } from './channel.ts'

export interface MergeOptions {
  /** Items that may wait for whoever reads, beside one of each source: a whole number, 0 or more. Default: 0. */
  buffer?: number
  signal?: AbortSignal
}

/**
 * The items of all sources as they come, and done when all are. Nothing is read before somebody asks. What one source throws,
 * or the reason of `signal`, is told once and ends all; so does leaving the loop. The other sources' `return()` is called and
 * not waited for.
 *
 * @throws RangeError for a buffer that is none
 */
export function merge<T>(
  sources: readonly AsyncIterable<T>[],
  { buffer = 0, signal }: MergeOptions = {},
): AsyncIterable<T, undefined> {
  checkOptions({ buffer }, { buffer: countOrNone })
  return { [Symbol.asyncIterator]: () => new Merged(sources, buffer, signal) }
}

const DONE = { done: true, value: undefined } as const

class Merged<T> implements AsyncIterator<T, undefined> {
  readonly #sources: readonly AsyncIterable<T>[]
  readonly #signal: AbortSignal | undefined
  readonly #channel: Channel<T>
  readonly #open = new Set<AsyncIterator<T>>()
  #hasBegun = false
  #isOver = false
  #isTold = false

  constructor(sources: readonly AsyncIterable<T>[], buffer: number, signal: AbortSignal | undefined) {
    this.#sources = sources
    this.#channel = new Channel(buffer)
    this.#signal = signal
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    this.#begin()
    try {
      const received = await this.#channel.receive()
      if (received.done) this.#stop()
      return received
    } catch (error) {
      if (this.#isTold) return DONE
      this.#isTold = true
      throw error
    }
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#isTold = true
    this.#hasBegun = true
    this.#end(new NotNeededError('Whoever read the sources has left'))
    return DONE
  }

  #begin(): void {
    if (this.#hasBegun) return
    this.#hasBegun = true
    if (this.#signal?.aborted) return this.#end(this.#signal.reason)
    this.#signal?.addEventListener('abort', this.#onAbort)
    try {
      for (const source of this.#sources) this.#open.add(source[Symbol.asyncIterator]())
    } catch (error) {
      return this.#end(error)
    }
    if (this.#open.size === 0) this.#channel.close()
    for (const source of this.#open) void this.#relay(source)
  }

  readonly #onAbort = () => this.#end(this.#signal!.reason)

  async #relay(source: AsyncIterator<T>): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await source.next()
        if (this.#isOver) return
        if (done) break
        await this.#channel.send(value)
      }
      this.#open.delete(source)
      if (this.#open.size === 0) this.#channel.close()
    } catch (error) {
      // Whoever has thrown has ended.
      this.#open.delete(source)
      this.#end(error)
    }
  }

  /** Over is when whoever reads has had the last one, and not when it has come. */
  #stop(): void {
    this.#isOver = true
    this.#signal?.removeEventListener('abort', this.#onAbort)
  }

  #end(reason: unknown): void {
    if (this.#isOver) return
    this.#stop()
    this.#channel.abort(reason)
    for (const source of this.#open) close(source)
  }
}

/** Not waited for: of a generator, `return()` stands in line behind the `next()` that hangs. */
function close(source: AsyncIterator<unknown>): void {
  const end = async () => source.return?.()
  end().catch(() => {})
}
