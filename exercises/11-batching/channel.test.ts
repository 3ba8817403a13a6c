import { Channel } from '#chapters/11-batching/channel.ts'
import { getEventListeners } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { outcomeOf, promisesSettle } from '../../shared/testing/outcome.ts'

const pending = { status: 'pending' }
const outcomesOf = (promises: Promise<unknown>[]) => Promise.all(promises.map((promise) => outcomeOf(promise, 2)))
const fulfilled = (value: unknown) => ({ status: 'fulfilled', value })
const rejected = (reason: unknown) => ({ status: 'rejected', reason })
const code = (code: string) => rejected(expect.objectContaining({ code }))
const item = (value: unknown) => fulfilled({ done: false, value })
const done = fulfilled({ done: true, value: undefined })

/** Their rejections are looked at when there is something to be seen. */
function quiet<P extends Promise<unknown>>(promise: P): P {
  promise.catch(() => {})
  return promise
}
const send = <T>(channel: Channel<T>, ...items: T[]) => items.map((each) => quiet(channel.send(each)))
const receive = <T>(channel: Channel<T>, times: number) => Array.from({ length: times }, () => quiet(channel.receive()))

describe('Step 4: A queue with an end', () => {
  test('has whoever sends more than fits wait, in line', async () => {
    const channel = new Channel<string>(2)
    const sent = send(channel, 'a', 'b', 'c', 'd')
    expect(await outcomesOf(sent), 'capacity: 2, and four have been sent').toEqual([
      fulfilled(undefined),
      fulfilled(undefined),
      pending,
      pending,
    ])
    expect(channel.size, 'inside').toBe(2)
    expect(await outcomesOf(receive(channel, 1)), 'the oldest').toEqual([item('a')])
    expect(await outcomesOf(sent.slice(2)), 'one has left, and so one more is inside').toEqual([
      fulfilled(undefined),
      pending,
    ])
    expect(await outcomesOf(receive(channel, 3)), 'and the others, in the order in which they were sent').toEqual(
      ['b', 'c', 'd'].map(item),
    )
    expect(await outcomeOf(sent[3]!, 2)).toEqual(fulfilled(undefined))

    const wide = new Channel<string>(3)
    send(wide, 'a', 'b', 'c')
    await outcomesOf(receive(wide, 1))
    expect(await outcomesOf(send(wide, 'd', 'e')), 'one of three has left: there is room for one').toEqual([
      fulfilled(undefined),
      pending,
    ])
    expect(wide.size, 'inside').toBe(3)
  })

  test('has whoever receives wait for what is sent, in line', async () => {
    const channel = new Channel<unknown>(2)
    const received = receive(channel, 3)
    expect(await outcomesOf(received), 'nothing is there').toEqual([pending, pending, pending])
    await Promise.all(send(channel, 'a', undefined, 0))
    expect(await outcomesOf(received), 'a, undefined and 0: an item is whatever was sent').toEqual(
      ['a', undefined, 0].map(item),
    )
  })

  test('holds back who sends in a loop, and forgets nothing on the way', async () => {
    const channel = new Channel<number | null>(10)
    let sent = 0
    const sending = (async () => {
      for (; sent < 100; sent++) await channel.send(sent % 7 === 0 ? null : sent)
      channel.close()
    })()
    await promisesSettle()
    expect(sent, 'capacity: 10, a hundred are to be sent, and nobody has received any').toBe(10)
    const received: unknown[] = []
    for await (const each of channel) received.push(each)
    await sending
    expect(received).toEqual(Array.from({ length: 100 }, (_, index) => (index % 7 === 0 ? null : index)))
  })

  test('gives what is inside when it is closed, and then is done', async () => {
    const channel = new Channel<string>(3)
    send(channel, 'a', 'b')
    channel.close()
    expect(() => channel.close(), 'to close it again').not.toThrow()
    expect(await outcomesOf(receive(channel, 4)), 'two were inside when it was closed').toEqual([
      item('a'),
      item('b'),
      done,
      done,
    ])
    const empty = new Channel<string>(3)
    const waiting = receive(empty, 2)
    empty.close()
    expect(await outcomesOf(waiting), 'who waits when it is closed').toEqual([done, done])
  })

  test('tells whoever waits to send, or comes later, that it is closed', async () => {
    const channel = new Channel<string>(1)
    const [, waiting] = send(channel, 'a', 'b')
    channel.close()
    expect(await outcomeOf(waiting!, 2), 'b was never inside').toEqual(code('CLOSED'))
    expect(await outcomesOf(send(channel, 'c')), 'sent after it was closed').toEqual([code('CLOSED')])
    expect(await outcomesOf(receive(channel, 2)), 'a was').toEqual([item('a'), done])
  })
})

describe('Step 8: Nobody overtakes', () => {
  const gone = new Error('the client hung up')

  test('never has arrive what somebody has taken back', async () => {
    const channel = new Channel<string>(1)
    const leaver = new AbortController()
    send(channel, 'a')
    const left = quiet(channel.send('b', leaver.signal))
    const [next] = send(channel, 'c')
    leaver.abort(gone)
    expect(await outcomeOf(left, 2), 'at once, though the channel is full').toEqual(rejected(gone))
    const before = quiet(channel.send('d', AbortSignal.abort(gone)))
    expect(await outcomeOf(before, 2), 'who had left before').toEqual(rejected(gone))
    expect(await outcomesOf(receive(channel, 2)), 'without b and d').toEqual([item('a'), item('c')])
    expect(await outcomeOf(next!, 2)).toEqual(fulfilled(undefined))
    expect(channel.size).toBe(0)

    const [full, late] = [new Channel<string>(1), new AbortController()]
    send(full, 'a')
    const taken = quiet(full.send('b', late.signal))
    receive(full, 1)
    late.abort(gone)
    expect(
      await outcomeOf(taken, 2),
      'b is inside, and its signal aborts after that: it arrives, so it is sent',
    ).toEqual(fulfilled(undefined))
  })

  test('takes nothing for whoever does not receive any more', async () => {
    const channel = new Channel<string>(1)
    const leaver = new AbortController()
    const left = quiet(channel.receive(leaver.signal))
    const [next] = receive(channel, 1)
    leaver.abort(gone)
    expect(await outcomeOf(left, 2), 'who waited').toEqual(rejected(gone))
    await channel.send('a')
    expect(await outcomeOf(next!, 2), 'the next in line').toEqual(item('a'))
    await channel.send('b')
    expect(await outcomeOf(quiet(channel.receive(AbortSignal.abort(gone))), 2), 'who had left before').toEqual(
      rejected(gone),
    )
    expect(await outcomesOf(receive(channel, 1)), 'b is still there').toEqual([item('b')])

    const late = new AbortController()
    const handed = quiet(channel.receive(late.signal))
    send(channel, 'c')
    late.abort(gone)
    expect(
      await outcomeOf(handed, 2),
      'c was handed over, and the signal aborts after that: nobody else has it',
    ).toEqual(item('c'))
  })

  test('has nobody overtake who waits', async () => {
    const channel = new Channel<string>(1)
    send(channel, 'a', 'b')
    const received = receive(channel, 1)
    // In the moment in which there is a place.
    const [barging] = send(channel, 'c')
    expect(await outcomeOf(barging!, 2), 'b has waited for that place').toEqual(pending)
    received.push(...receive(channel, 2))
    expect(await outcomesOf(received)).toEqual(['a', 'b', 'c'].map(item))
    const first = receive(channel, 1)
    send(channel, 'd')
    // In the moment in which there is an item.
    const second = receive(channel, 1)
    expect(await outcomesOf(first), 'who has waited for d').toEqual([item('d')])
    expect(await outcomesOf(second), 'who came later').toEqual([pending])
    channel.close()
  })

  test('stays open when somebody leaves their loop', async () => {
    const channel = new Channel<string>(3)
    await Promise.all(send(channel, 'a', 'b', 'c'))
    for await (const each of channel) if (each === 'a') break
    const rest = receive(channel, 1)
    expect(await outcomesOf(rest), 'one has left after a; another one receives').toEqual([item('b')])
    expect(await outcomesOf(send(channel, 'd')), 'and sends').toEqual([fulfilled(undefined)])
    expect(channel.size, 'c and d').toBe(2)
  })

  test('hands over from one to the other when there is no room in between', async () => {
    const channel = new Channel<string>(0)
    const sent = send(channel, 'a', 'b')
    expect(await outcomesOf(sent), 'capacity: 0, and nobody receives').toEqual([pending, pending])
    expect(channel.size).toBe(0)
    const received = receive(channel, 3)
    expect(await outcomesOf(received)).toEqual([item('a'), item('b'), pending])
    expect(await outcomesOf(sent)).toEqual([fulfilled(undefined), fulfilled(undefined)])
    expect(await outcomesOf(send(channel, 'c')), 'somebody waits for it').toEqual([fulfilled(undefined)])
    expect(await outcomeOf(received[2]!, 2)).toEqual(item('c'))
  })

  test('discards all and tells everybody when it is aborted', async () => {
    const full = new Channel<string>(1)
    const sent = send(full, 'a', 'b')
    full.abort(gone)
    full.abort(new Error('something else'))
    expect(await outcomesOf(sent), 'a was inside, b waited').toEqual([fulfilled(undefined), rejected(gone)])
    expect(full.size, 'inside').toBe(0)
    expect(await outcomesOf([...receive(full, 1), ...send(full, 'c')]), 'who comes later').toEqual([
      rejected(gone),
      rejected(gone),
    ])
    const empty = new Channel<string>(1)
    const waiting = receive(empty, 2)
    empty.abort(gone)
    expect(await outcomesOf(waiting), 'who waits to receive').toEqual([rejected(gone), rejected(gone)])
    const closed = new Channel<string>(1)
    send(closed, 'a')
    closed.close()
    closed.abort(gone)
    expect(await outcomesOf(receive(closed, 1)), 'one that was closed, and is aborted').toEqual([rejected(gone)])
    const aborted = new Channel<string>(1)
    aborted.abort(undefined)
    aborted.close()
    expect(
      await outcomesOf([...receive(aborted, 1), ...send(aborted, 'a')]),
      'one that was aborted, for no reason, and is closed in a finally: it has not come to its end',
    ).toEqual([rejected(undefined), rejected(undefined)])
  })

  test('leaves no listener on anybody’s signal when it has waited', async () => {
    const { signal } = new AbortController()
    const channel = new Channel<string>(1)
    const waiting = [
      channel.send('a', signal),
      channel.send('b', signal),
      channel.send('c', signal),
      channel.send('d', signal),
    ].map(quiet)
    expect(getEventListeners(signal, 'abort'), 'listeners, when three wait').toHaveLength(3)
    await outcomesOf([channel.receive(signal), channel.receive(signal)])
    channel.close()
    await outcomesOf(waiting)
    const other = new Channel<string>(1)
    const receiving = [other.receive(signal), other.receive(signal)].map(quiet)
    await other.send('e', signal)
    other.abort(gone)
    await outcomesOf(receiving)
    expect(getEventListeners(signal, 'abort'), 'listeners, when nobody waits').toHaveLength(0)
  })

  test('keeps nothing of what it has handed on', { timeout: 20_000 }, async () => {
    const sent = send(new Channel<number>(1), 1, 2)
    expect(await outcomesOf(sent), 'step 4 first: capacity: 1, and two have been sent').toEqual([
      fulfilled(undefined),
      pending,
    ])
    const COUNT = 100_000
    setFlagsFromString('--expose-gc')
    const gc = runInNewContext('gc') as () => void
    const heap = () => {
      gc()
      return process.memoryUsage().heapUsed
    }
    const channel = new Channel<number>(4)
    const run = async (count: number) => {
      for (let n = 0; n < count; n++) {
        await channel.send(n)
        if (n % 4 === 3) for (const _ of '4321') await channel.receive()
      }
    }
    await run(4_000)
    const before = heap()
    await run(COUNT)
    const grown = heap() - before
    expect(Math.round(grown / COUNT), 'bytes kept of each of 100,000: a channel lives for weeks').toBeLessThan(4)
  })
})
