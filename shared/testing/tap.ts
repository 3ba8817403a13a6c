type Ask<T> = PromiseWithResolvers<IteratorResult<T, undefined>>

/** A source of items in the test's hand; what it is told before it is asked it keeps. */
export class Tap<T> implements AsyncIterable<T, undefined> {
  /** Calls of `next()`, and the most that there were at a time. */
  reads = 0
  mostAsks = 0
  returns = 0
  readonly #asks: Ask<T>[] = []
  readonly #answers: ((ask: Ask<T>) => void)[] = []

  constructor(...items: T[]) {
    for (const item of items) this.give(item)
  }

  give(value: T): void {
    this.#settle(({ resolve }) => resolve({ done: false, value }))
  }

  end(): void {
    this.#settle(({ resolve }) => resolve({ done: true, value: undefined }))
  }

  fail(error: unknown): void {
    this.#settle(({ reject }) => reject(error))
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return {
      next: () => {
        const ask: Ask<T> = Promise.withResolvers()
        this.reads++
        const answer = this.#answers.shift()
        if (answer) answer(ask)
        else {
          this.#asks.push(ask)
          this.mostAsks = Math.max(this.mostAsks, this.#asks.length)
        }
        return ask.promise
      },
      return: async () => {
        this.returns++
        throw new Error('closed badly')
      },
    }
  }

  #settle(answer: (ask: Ask<T>) => void): void {
    const ask = this.#asks.shift()
    if (ask) answer(ask)
    else this.#answers.push(answer)
  }
}
