import { createWorker } from '#chapters/02-graceful-shutdown/worker.ts'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { sleep } from '../../shared/core/sleep.ts'
import { outcomeOf } from '../../shared/testing/outcome.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

/** A worker whose every item takes 100 ms, stops when it is told to, and says what became of it. */
function hundredEach(capacity = 10, handle = (_item: number, signal: AbortSignal) => sleep(100, signal)) {
  const begun: number[] = []
  const done: number[] = []
  const failed: { error: unknown; item: number }[] = []
  const worker = createWorker<number>({
    capacity,
    async handle(item, signal) {
      begun.push(item)
      await handle(item, signal)
      done.push(item)
    },
    onError: (error, item) => failed.push({ error, item }),
  })
  return { worker, begun, done, failed }
}

/** Lets `ms` of virtual time go by. */
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

describe('Step 6: A queue that gives back', () => {
  test('works on one item after the other, in the order offered', async () => {
    const { worker, begun, done } = hundredEach()
    for (const item of [1, 0, 3]) expect(worker.offer(item), 'there is room for ten').toBe(true)
    await pass(50)
    expect(begun, 'all at once: a burst of work is then a burst on whatever the work needs').toEqual([1])
    await pass(300)
    expect(done, 'three items of 100 ms each, of which the one that is 0 is no end of the queue').toEqual([1, 0, 3])
    worker.offer(4)
    await pass(150)
    expect(done, 'the loop had run dry, and nobody started it again').toEqual([1, 0, 3, 4])
  })

  test('begins each item once, also one that is offered by the work itself', async () => {
    const { worker, begun, done } = hundredEach(10, (_, signal) => {
      if (begun.length === 1) worker.offer(2)
      return sleep(100, signal)
    })
    worker.offer(1)
    await pass(50)
    expect(begun, 'the first was offered, and offered the second; did `offer` know that the loop runs?').toEqual([1])
    await pass(200)
    expect(done, 'two items, each of them once').toEqual([1, 2])
  })

  test('refuses what it cannot hold', async () => {
    const { worker, done } = hundredEach(2)
    const offered = [1, 2, 3].map((item) => worker.offer(item))
    expect(offered, 'a queue without an end is memory until there is none').toEqual([true, true, false])
    await pass(100)
    expect(worker.offer(4), 'one is done, so there is room again').toBe(true)
    await pass(250)
    expect(done, 'the third was refused').toEqual([1, 2, 4])
    const odd: unknown[] = [0, -1, 1.5, NaN, Infinity, '10']
    const taken = odd.filter((capacity) => {
      try {
        hundredEach(capacity as number)
        return true
      } catch (error) {
        return !(error instanceof RangeError)
      }
    })
    expect(taken, 'capacities that are none, each of which wanted a RangeError').toEqual([])
  })

  test('goes on after an item that fails, and says which', async () => {
    const error = new Error('no such shipment')
    const { worker, done, failed } = hundredEach(10, (item) => {
      if (item === 1) throw error
      return item === 2 ? Promise.reject(error) : sleep(100)
    })
    for (const item of [1, 2, 3]) worker.offer(item)
    await pass(150)
    expect(failed, 'an error that nobody hears of is work that is lost').toEqual([
      { error, item: 1 },
      { error, item: 2 },
    ])
    expect(done, 'the loop died with the first failure').toEqual([3])

    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => log.mockRestore())
    createWorker({ capacity: 1, handle: async () => Promise.reject(error) }).offer(1)
    await pass(1)
    expect(log, 'and without onError? Somebody should hear of it: console.error, at least').toHaveBeenCalledOnce()
  })

  test('goes on after a handler that throws, and after an onError that does', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    onTestFinished(() => warn.mockRestore())
    const begun: number[] = []
    const worker = createWorker<number>({
      capacity: 10,
      // Not async: it throws before there is a promise.
      handle(item) {
        begun.push(item)
        if (item < 3) throw new Error('no such shipment')
        return Promise.resolve()
      },
      // A function that gives a promise is one that gives nothing, to TypeScript.
      onError(_, item) {
        const full = new Error('and the log is full')
        if (item === 1) throw full
        return Promise.reject(full)
      },
    })
    const offered = () => [1, 2, 3].map((item) => worker.offer(item))
    expect(offered, 'what the handler throws is not for whoever offers').not.toThrow()
    await pass(10)
    expect(begun, 'the handler or onError threw, and the loop died of it').toEqual([1, 2, 3])
    expect(
      warn,
      'what onError throws, or rejects with, is a warning: what nobody catches ends the process',
    ).toHaveBeenCalledTimes(2)
    expect(await outcomeOf(worker.drain(), 5), 'all is done').toEqual({ status: 'fulfilled', value: [] })
  })

  test('ends at once when it drains and has nothing to do', async () => {
    const { worker: fresh } = hundredEach()
    const { worker: used } = hundredEach()
    used.offer(1)
    await pass(150)
    for (const [worker, which] of [
      [fresh, 'one that never worked'],
      [used, 'one that has run dry'],
    ] as const) {
      const drained = outcomeOf(worker.drain(new AbortController().signal), 5)
      await pass(1)
      expect(await drained, `${which}, drained: every quiet deploy waits until the hook's time is up`).toEqual({
        status: 'fulfilled',
        value: [],
      })
      expect(worker.offer(2), `${which}, drained, takes more, and nobody will ever work on it`).toBe(false)
    }
  })

  test('takes no more while it drains, and finishes what it holds', async () => {
    const { worker, done } = hundredEach()
    for (const item of [1, 2, 3]) worker.offer(item)
    await pass(50)
    const drained = worker.drain()
    expect(worker.offer(4), 'work that comes in while you drain is work that you will lose').toBe(false)
    expect(worker.drain(), 'a second call is given the same promise').toBe(drained)
    await pass(150)
    expect((await outcomeOf(drained, 5)).status, 'two of three are done').toBe('pending')
    await pass(150)
    expect(await outcomeOf(drained, 5), 'nothing is left to be given back').toEqual({ status: 'fulfilled', value: [] })
    expect(done, 'it holds three, and is to finish them').toEqual([1, 2, 3])
    expect(worker.offer(5), 'it has drained, and is over').toBe(false)
  })

  test('gives back what it has not finished when its time is up', async () => {
    const { worker, begun, done, failed } = hundredEach()
    for (const item of [1, 2, 3, 4]) worker.offer(item)
    const time = new AbortController()
    await pass(150)
    const drained = worker.drain(time.signal)
    await pass(100)
    time.abort(new Error('time is up'))
    expect(
      await outcomeOf(drained, 20),
      'what was in hand is neither done nor given back, or the rest is lost',
    ).toEqual({
      status: 'fulfilled',
      value: [3, 4],
    })
    await pass(1_000)
    expect(done, 'an item is done or given back, and never both').toEqual([1, 2])
    expect(begun, 'what was given back is no longer ours').toEqual([1, 2, 3])
    expect(failed, 'told to stop is not failed').toEqual([])
  })

  test('waits for no handler that is deaf to its signal', async () => {
    const deaf = Promise.withResolvers<void>()
    const { worker, begun } = hundredEach(10, () => deaf.promise)
    worker.offer(1)
    worker.offer(2)
    await pass(0)
    const drained = await outcomeOf(worker.drain(AbortSignal.abort(new Error('no time at all'))), 20)
    const given = { status: 'fulfilled', value: [1, 2] }
    expect(drained, 'the first may be done one day; its owner should know').toEqual(given)
    deaf.resolve()
    await pass(1_000)
    expect(drained, 'what was given back has changed under its new owner: is it the queue itself?').toEqual(given)
    expect(begun, 'what was given back is no longer ours').toEqual([1])
  })
})
