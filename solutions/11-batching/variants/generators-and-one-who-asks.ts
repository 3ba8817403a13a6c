/**
 * Each stage is a generator that holds promises of what it works on, and begins the next ones before it gives one away.
 * Around them one object that asks, for a generator hears of no end while it waits.
 * Replaces: pipeline.ts
 */
import { NotNeededError } from '../../../shared/core/errors.ts'
import { checkOptions, count, countOrNone } from '../../../shared/core/options.ts'
import type { Items, Passed, StageOptions } from '../pipeline.ts'

export type { Items, Passed, StageOptions } from '../pipeline.ts'

type Source<T> = Items<T> | ((signal: AbortSignal) => Items<T>)
type Work<I, O> = (item: I, signal: AbortSignal) => O | Promise<O>
type Result<T> = IteratorResult<Passed<T>, undefined>
type Flow<T> = (run: Run) => AsyncGenerator<Passed<T>, undefined>

interface Run {
  signal: AbortSignal
  fail(reason: unknown): void
  close?: () => unknown
}

const DONE = { done: true, value: undefined } as const

export class Pipeline<T> implements AsyncIterable<Passed<T>, undefined> {
  readonly #signal: AbortSignal | undefined
  #flow: Flow<T>

  constructor(source: Source<T>, signal?: AbortSignal) {
    this.#signal = signal
    this.#flow = (run) => read(source, run)
  }

  stage<O>(
    work: Work<T, O>,
    { concurrency = 1, buffer = 0, ordered = true, isItemError = () => false }: StageOptions = {},
  ): Pipeline<O> {
    checkOptions({ concurrency, buffer }, { concurrency: count, buffer: countOrNone })
    const flow = this.#flow
    const longer = new Pipeline<O>([], this.#signal)
    longer.#flow = (run) => staged(flow(run), run, work, { concurrency, buffer, ordered, isItemError })
    return longer
  }

  [Symbol.asyncIterator](): AsyncIterator<Passed<T>, undefined> {
    const outer = this.#signal
    const controller = new AbortController()
    const asks: PromiseWithResolvers<Result<T>>[] = []
    let untold: { reason: unknown } | undefined
    let hasBegun = false
    let isOver = false

    const end = (stop?: { reason: unknown }) => {
      if (isOver) return
      isOver = true
      outer?.removeEventListener('abort', onAbort)
      for (const { resolve } of asks.splice(0)) resolve(DONE)
      if (!stop) return
      controller.abort(stop.reason)
      void (async () => run.close?.())().catch(() => {})
    }
    const fail = (reason: unknown) => {
      if (isOver) return
      const ask = asks.shift()
      if (ask) ask.reject(reason)
      else untold = { reason }
      end({ reason })
    }
    const onAbort = () => fail(outer!.reason)
    const run: Run = { signal: controller.signal, fail }
    const flow = this.#flow(run)

    return {
      next() {
        if (!hasBegun) {
          hasBegun = true
          if (outer?.aborted) onAbort()
          else outer?.addEventListener('abort', onAbort)
        }
        const ask = Promise.withResolvers<Result<T>>()
        if (untold) ask.reject(untold.reason)
        else if (isOver) ask.resolve(DONE)
        else {
          asks.push(ask)
          flow.next().then((result) => {
            if (result.done) end()
            else asks.shift()?.resolve(result)
          }, fail)
        }
        untold = undefined
        return ask.promise
      },
      return() {
        end({ reason: new NotNeededError('Nobody reads it any more') })
        untold = undefined
        return Promise.resolve(DONE)
      },
    }
  }
}

async function* read<T>(source: Source<T>, run: Run): AsyncGenerator<Passed<T>, undefined> {
  const items = typeof source === 'function' ? source(run.signal) : source
  const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]()
  run.close = () => iterator.return?.()
  for (let index = 0; ; index++) {
    let result: IteratorResult<T>
    try {
      result = await iterator.next()
    } catch (error) {
      run.close = undefined
      throw error
    }
    if (result.done) break
    yield { index, status: 'fulfilled', value: await result.value }
  }
  run.close = undefined
  return undefined
}

async function* staged<I, O>(
  items: AsyncGenerator<Passed<I>, undefined>,
  run: Run,
  work: Work<I, O>,
  { concurrency, buffer, ordered, isItemError }: Required<StageOptions>,
): AsyncGenerator<Passed<O>, undefined> {
  const held = new Set<Promise<{ self: () => Promise<unknown>; passed?: Passed<O> }>>()
  const line: (() => void)[] = []
  let atWork = 0
  let isAtEnd = false

  const one = async (): Promise<Passed<O> | undefined> => {
    const { done, value: passed } = await items.next()
    if (done) {
      isAtEnd = true
      return undefined
    }
    if (passed.status === 'rejected') return passed
    if (atWork < concurrency) atWork++
    else await new Promise<void>((resolve) => line.push(resolve))
    const { index, value } = passed
    try {
      // Whatever waits after the end waits for ever, and is forgotten.
      if (run.signal.aborted) await new Promise(() => {})
      return { index, status: 'fulfilled', value: await work(value, run.signal) }
    } catch (reason) {
      if (isItemError(reason)) return { index, status: 'rejected', reason }
      throw reason
    } finally {
      const next = line.shift()
      if (next) next()
      else atWork--
    }
  }
  const begin = () => {
    const begun: Promise<{ self: () => Promise<unknown>; passed?: Passed<O> }> = one().then(
      (passed) => ({ self: () => begun, ...(passed && { passed }) }),
      (error) => {
        run.fail(error)
        return new Promise(() => {})
      },
    )
    held.add(begun)
  }
  const fill = () => {
    while (!isAtEnd && !run.signal.aborted && held.size < concurrency + buffer) begin()
  }

  for (fill(); held.size > 0; fill()) {
    const [oldest] = held
    // Each race leaves something with whoever is slow, for as long as they are.
    const { self, passed } = await (ordered ? oldest! : Promise.race(held))
    held.delete(self() as never)
    fill()
    if (passed) yield passed
  }
  return undefined
}
