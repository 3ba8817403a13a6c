import { merge } from '#chapters/11-batching/merge.ts'
import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { outcomeOf, promisesSettle } from '../../shared/testing/outcome.ts'
import { Tap } from '../../shared/testing/tap.ts'
import { expectNothingUncaught, hearWhatNobodyCaught } from '../../shared/testing/uncaught.ts'

hearWhatNobodyCaught()

const item = (value: string) => ({ status: 'fulfilled', value: { done: false, value } })
const done = { status: 'fulfilled', value: { done: true, value: undefined } }
const rejected = (reason: unknown) => ({ status: 'rejected', reason })

function reader(sources: AsyncIterable<string>[], options?: Parameters<typeof merge>[1]) {
  const iterator: AsyncIterator<string, undefined> = merge(sources, options)[Symbol.asyncIterator]()
  /** A rejection is looked at when there is something to be seen. */
  const next = () => {
    const asked = iterator.next()
    asked.catch(() => {})
    return asked
  }
  return { next, leave: () => iterator.return!(), outcome: () => outcomeOf(next(), 2) }
}

describe('Step 11: Two into one', () => {
  test('gives what comes, from wherever it comes', async () => {
    const [a, b] = [new Tap<string>(), new Tap<string>()]
    const { next, outcome } = reader([a, b])
    const first = next()
    b.give('b1')
    expect(await outcomeOf(first, 2), 'the first source is silent, the second is not').toEqual(item('b1'))
    b.give('b2')
    await promisesSettle()
    a.give('a1')
    expect([await outcome(), await outcome()], 'in the order in which they came').toEqual([item('b2'), item('a1')])
    a.give('')
    b.give(undefined as never)
    expect([await outcome(), await outcome()], 'the empty word and undefined, which are items like others').toEqual([
      item(''),
      item(undefined as never),
    ])
  })

  test('is done when all are, and not before', async () => {
    const [a, b] = [new Tap<string>(), new Tap<string>()]
    const { next, outcome } = reader([a, b])
    const waiting = next()
    b.give('b1')
    b.end()
    expect(await outcomeOf(waiting, 2), 'the first source is silent, the second has one and ends').toEqual(item('b1'))
    await promisesSettle()
    a.give('a1')
    expect(await outcome(), 'the first goes on').toEqual(item('a1'))
    a.end()
    expect(await outcome()).toEqual(done)
    expect(await outcome(), 'and stays done').toEqual(done)
    expect([a.returns, b.returns], 'who has ended is not to be closed').toEqual([0, 0])
    expect([a.reads, b.reads], 'reads of each: an item, and its end').toEqual([2, 2])
    expect(await reader([]).outcome(), 'of nothing').toEqual(done)
  })

  test('reads nothing unasked, and only so far ahead', async () => {
    const [a, b] = [new Tap<string>(), new Tap<string>()]
    for (let i = 0; i < 10; i++) {
      a.give(`a${i}`)
      b.give(`b${i}`)
    }
    const { outcome } = reader([a, b], { buffer: 3 })
    await promisesSettle()
    expect([a.reads, b.reads], 'reads, when nobody has asked').toEqual([0, 0])
    await outcome()
    await promisesSettle()
    const ahead = a.reads + b.reads - 1
    expect([a.reads > 0, b.reads > 0], 'whether each was read').toEqual([true, true])
    expect(ahead, 'ahead of who has read one: buffer: 3, and one of each source').toBeLessThanOrEqual(5)
    expect(ahead, 'and no less, or a buffer is none').toBeGreaterThanOrEqual(3)
  })

  test('tells an error once, closes the others, and then is done', async () => {
    for (const isBusy of [false, true]) {
      const [a, b] = [new Tap<string>(), new Tap<string>()]
      const { next, outcome } = reader([a, b])
      const first = next()
      if (isBusy) {
        b.give('b1')
        await outcomeOf(first, 2)
      }
      const error = new Error('the carrier has gone')
      b.fail(error)
      await promisesSettle()
      expect(
        await (isBusy ? outcome() : outcomeOf(first, 2)),
        `who reads is ${isBusy ? 'busy' : 'waiting'} when the second source fails`,
      ).toEqual(rejected(error))
      expect(await outcome(), 'once').toEqual(done)
      expect([a.returns, b.returns], 'closed: the other one, and not what has failed').toEqual([1, 0])
    }
    const error = new Error('there is no such file')
    const a = new Tap<string>()
    const none: AsyncIterable<string> = {
      [Symbol.asyncIterator]() {
        throw error
      },
    }
    const { outcome } = reader([a, none])
    expect([await outcome(), await outcome()], 'the second cannot be opened').toEqual([rejected(error), done])
    expect(a.returns, 'calls of return() of the first').toBe(1)
  })

  test('closes all when whoever reads has left, and waits for none', async () => {
    const [a, b] = [new Tap<string>(), new Tap<string>()]
    const { next, leave, outcome } = reader([a, b])
    const waiting = next()
    const left = leave()
    expect(await outcomeOf(left, 2), 'both are silent, and close badly').toEqual(done)
    expect([await outcomeOf(waiting, 2), await outcome()], 'whoever still asks').toEqual([done, done])
    expect([a.returns, b.returns], 'closed').toEqual([1, 1])
    a.give('late')
    b.fail(new Error('aborted, as you wished'))
    await promisesSettle()
    expectNothingUncaught()
    expect(a.reads, 'reads, after the end').toBe(1)

    const other = new Tap<string>()
    const bad: AsyncIterable<string> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => {}),
        return() {
          throw new Error('closed badly, and at once')
        },
      }),
    }
    const both = reader([bad, other])
    void both.next()
    await promisesSettle()
    expect(await outcomeOf(both.leave(), 2), 'the first closes badly, and at once').toEqual(done)
    expect(other.returns, 'calls of return() of the second').toBe(1)

    const unread = new Tap<string>()
    const early = reader([unread])
    await early.leave()
    expect(await early.outcome(), 'of whoever has left before they asked').toEqual(done)
    expect(unread.reads, 'reads for them').toBe(0)
  })

  test('ends with its signal, and leaves no listener', async () => {
    const [a, b] = [new Tap<string>(), new Tap<string>()]
    const shutdown = new AbortController()
    const reason = new Error('shutdown')
    const { next, outcome } = reader([a, b], { signal: shutdown.signal })
    const waiting = next()
    await promisesSettle()
    shutdown.abort(reason)
    expect(await outcomeOf(waiting, 2), 'both sources are silent').toEqual(rejected(reason))
    expect(await outcome(), 'once').toEqual(done)
    expect([a.returns, b.returns], 'closed').toEqual([1, 1])

    for (const how of ['aborted', 'left']) {
      const time = new AbortController()
      const over = new Tap('1', '2', '3')
      over.end()
      const { next, leave, outcome } = reader([over], { buffer: 5, signal: time.signal })
      expect(await outcomeOf(next(), 2)).toEqual(item('1'))
      await promisesSettle()
      if (how === 'left') await leave()
      else time.abort(reason)
      const ends = how === 'left' ? [done, done] : [rejected(reason), done]
      expect([await outcome(), await outcome()], `its source has ended, two wait to be read, it is ${how}`).toEqual(
        ends,
      )
      expect(over.returns, 'calls of return(), of what has ended').toBe(0)
    }

    const late = reader([a, b], { signal: shutdown.signal })
    expect(await late.outcome(), 'whose signal had aborted before').toEqual(rejected(reason))

    const { signal } = new AbortController()
    for (const how of ['done', 'left', 'failed']) {
      const tap = new Tap<string>()
      const { next, leave } = reader([tap], { signal })
      const waiting = next()
      expect(getEventListeners(signal, 'abort'), 'listeners, while it goes on').toHaveLength(1)
      if (how === 'done') tap.end()
      else if (how === 'failed') tap.fail(new Error('gone'))
      else await leave()
      await outcomeOf(waiting, 2)
      expect(getEventListeners(signal, 'abort'), `listeners, when it is over: ${how}`).toHaveLength(0)
    }
  })
})
