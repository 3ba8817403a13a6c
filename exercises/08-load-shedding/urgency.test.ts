import { Door } from '#chapters/08-load-shedding/door.ts'
import { urgencyOf } from '#chapters/08-load-shedding/urgency.ts'
import { describe, expect, test, vi } from 'vitest'
import { deadlineAfter } from '../../shared/core/deadline.ts'
import {
  arrive,
  arriveTogether,
  countOf,
  occupied,
  oneTurn,
  statesOf,
  timeIsOurs,
  turns,
  type Visit,
  waiting,
} from '../../shared/testing/visits.ts'

timeIsOurs()

describe('Step 7: Who goes first', () => {
  test('lets the most urgent go first, and has a queue for each urgency', async () => {
    const { door, leave } = await occupied({ queue: 2 })
    const quotes = arriveTogether(door, 3, { urgency: 5 })
    await turns()
    expect(statesOf(quotes), 'two quotes may wait').toEqual(['waiting', 'waiting', 'refused'])
    const booking = arrive(door, { urgency: 1 })
    await turns()
    expect(booking.state, 'the queue of the quotes is full, but that of the bookings is empty').toBe('waiting')
    leave()
    await turns()
    expect(statesOf([...quotes, booking]), 'the place goes to the booking, though the quotes were first').toEqual([
      'waiting',
      'waiting',
      'refused',
      'inside',
    ])
    const report = arrive(door, { urgency: 7 })
    await turns()
    expect(report.state, 'there are two quotes before it, but none in its own queue').toBe('waiting')

    const other = await occupied()
    const quote = await waiting(other.door, { urgency: 5 })
    other.leave()
    const newcomer = arrive(other.door, { urgency: 1 })
    await turns()
    expect(statesOf([quote, newcomer]), 'a place came free, and a booking came in that turn').toEqual([
      'waiting',
      'inside',
    ])

    const mute = await occupied()
    const [less, none, more] = [
      await waiting(mute.door, { urgency: 4 }),
      await waiting(mute.door),
      await waiting(mute.door, { urgency: 2 }),
    ]
    mute.leave()
    await turns()
    expect(more.state, 'who says nothing has an urgency of 3, and this is a 2').toBe('inside')
    more.pass!.leave()
    await turns()
    expect(statesOf([less, none]), 'a 4, and who says nothing').toEqual(['waiting', 'inside'])
  })

  test('gives the free places to the most urgent, also when it cuts the queue', async () => {
    const door = new Door({ limit: 28, queue: 0 })
    const bookings = arriveTogether(door, 28, { urgency: 1 })
    const quotes = arriveTogether(door, 40, { urgency: 5 })
    await turns()
    expect(countOf(bookings, 'inside'), 'of 28 bookings, with 28 places').toBe(28)
    expect(countOf(quotes, 'refused'), 'of 40 quotes, with no queue').toBe(40)

    const other = new Door({ limit: 28, queue: 0 })
    const early = arriveTogether(other, 40, { urgency: 5 })
    const late = arriveTogether(other, 28, { urgency: 1 })
    await oneTurn()
    expect(countOf(early, 'refused'), 'at once, of 40 quotes who came first: the places are for 28 bookings').toBe(40)
    await turns()
    expect(countOf(late, 'inside'), 'of 28 bookings who came in the same turn, after 40 quotes').toBe(28)

    const slow = new Door({ limit: 28, queue: 0, perTurn: 4 })
    const before = arriveTogether(slow, 28, { urgency: 5 })
    await oneTurn()
    const after = arriveTogether(slow, 30, { urgency: 1 })
    await oneTurn()
    expect(
      { inside: countOf(after, 'inside'), refused: countOf(after, 'refused') },
      'four quotes of 28 have begun, and then come 30 bookings: the other 24 places are theirs',
    ).toEqual({ inside: 4, refused: 6 })
    expect(countOf(before, 'waiting'), 'quotes that were let wait before: it is newcomers who are refused').toBe(24)

    const few = arriveTogether(
      new Door({ limit: 28, perTurn: 2 }),
      [1, 5, 5, 5].map((urgency) => ({ urgency })),
    )
    await oneTurn()
    expect(statesOf(few), 'perTurn: 2, of all urgencies together').toEqual(['inside', 'inside', 'waiting', 'waiting'])
  })

  test('lets whoever has waited longest go first, now and then', async () => {
    const { door, leave } = await occupied({ fairEvery: 3, queue: 100 })
    const quote = await waiting(door, { urgency: 7 })
    await vi.advanceTimersByTimeAsync(1)
    const bookings = arriveTogether(door, 9, { urgency: 0 })
    await turns()
    const order: string[] = []
    const inside = new Set<Visit>()
    for (let place = 0; place < 6; place++) {
      if (place === 0) leave()
      else [...inside].at(-1)?.pass?.leave()
      await turns()
      const next = [...bookings, quote].find((visit) => visit.state === 'inside' && !inside.has(visit))
      expect(next, 'a place came free, and nobody got it').toBeDefined()
      order.push(next === quote ? 'quote' : 'booking')
      inside.add(next!)
    }
    expect(order, 'each third place of all (the very first is taken) goes to whoever has waited longest').toEqual([
      'booking',
      'quote',
      'booking',
      'booking',
      'booking',
      'booking',
    ])
    const early = bookings.filter((visit) => inside.has(visit))
    expect(early, 'and among the bookings, to the first').toEqual(bookings.slice(0, 5))

    for (const urgencies of [
      [5, 7, 0],
      [1, 7, 5],
      [3, 0, 7],
    ]) {
      const other = await occupied({ fairEvery: 2 })
      const visits: Visit[] = []
      for (const urgency of urgencies) {
        // Who comes later has less time left.
        visits.push(await waiting(other.door, { urgency, deadline: deadlineAfter(90 - 20 * visits.length) }))
        await vi.advanceTimersByTimeAsync(1)
      }
      other.leave()
      await turns()
      expect(statesOf(visits), `urgencies of ${urgencies.join(', ')}: the first has waited longest`).toEqual([
        'inside',
        'waiting',
        'waiting',
      ])
    }
  })

  test('counts places, and nobody who has had none', async () => {
    /** Three places, which are taken; a quote waits, and three bookings that have come since. */
    const queued = async (fairEvery: number) => {
      const door = new Door({ limit: 3, fairEvery })
      const inside = arriveTogether(door, 2)
      await turns()
      inside.push(arrive(door))
      await turns()
      const quote = await waiting(door, { urgency: 7 })
      await vi.advanceTimersByTimeAsync(1)
      const bookings = arriveTogether(door, 3, { urgency: 0 })
      await turns()
      return { inside, visits: [quote, ...bookings] }
    }
    const fifth = await queued(5)
    for (const { pass } of fifth.inside) pass!.leave()
    await turns()
    expect(statesOf(fifth.visits), 'three places in one turn, of which the second is the fifth of all').toEqual([
      'inside',
      'inside',
      'inside',
      'waiting',
    ])
    const sixth = await queued(3)
    for (const { pass } of sixth.inside.slice(1)) pass!.leave()
    await turns()
    expect(
      statesOf(sixth.visits),
      'the fourth place and the fifth, and fairEvery is 3: the third was nobody’s whom others overtake, and is gone',
    ).toEqual(['waiting', 'inside', 'inside', 'waiting'])
    sixth.inside[0]!.pass!.leave()
    await turns()
    expect(statesOf(sixth.visits), 'and the sixth is for whoever has waited longest').toEqual([
      'inside',
      'inside',
      'inside',
      'waiting',
    ])

    const { door: empty, leave: goHome } = await occupied({ fairEvery: 3 })
    goHome()
    await turns()
    const second = arrive(empty)
    await turns()
    const longest = await waiting(empty, { urgency: 7 })
    await vi.advanceTimersByTimeAsync(1)
    await waiting(empty, { urgency: 0 })
    second.pass!.leave()
    await turns()
    expect(longest.state, 'the third place, though the house was empty after the first').toBe('inside')

    const nobodies: Record<string, (door: Door) => Promise<void>> = {
      'hung up while they waited': async (door) => {
        const client = new AbortController()
        await waiting(door, { urgency: 5, signal: client.signal })
        client.abort()
      },
      'was refused at once': async (door) => {
        const tooMany = arrive(door, { urgency: 7 })
        await turns()
        expect(tooMany.state, 'the second in a queue for one').toBe('refused')
      },
      'waited in vain': async (door) => {
        await waiting(door, { urgency: 5, deadline: deadlineAfter(10) })
        await vi.advanceTimersByTimeAsync(10)
      },
    }
    for (const [what, nobody] of Object.entries(nobodies)) {
      const { door, leave } = await occupied({ fairEvery: 3, queue: 1 })
      const quote = await waiting(door, { urgency: 7 })
      await vi.advanceTimersByTimeAsync(1)
      const booking = await waiting(door, { urgency: 0 })
      await nobody(door)
      leave()
      await turns()
      expect(
        statesOf([booking, quote]),
        `somebody ${what}, and has had no place: this is the second, and fairEvery is 3`,
      ).toEqual(['inside', 'waiting'])
      booking.pass!.leave()
      await turns()
      expect(quote.state, `somebody ${what}; the third place is for whoever has waited longest`).toBe('inside')
    }
  })

  test('takes an urgency that is none for a mistake', async () => {
    const door = new Door({ limit: 1 })
    for (const urgency of [-1, 8, 1.5, NaN]) {
      const visit = arrive(door, { urgency })
      await turns()
      expect(visit.error, `an urgency of ${urgency}; they are whole, from 0 to 7`).toBeInstanceOf(RangeError)
    }
    for (const urgency of [0, 7]) arrive(door, { urgency })
    await turns()
    expect({ inside: door.inside, waiting: door.waiting }, 'the most urgent and the least').toEqual({
      inside: 1,
      waiting: 1,
    })
  })

  test('hears who can wait, and does not believe who cannot', () => {
    const wishes: [header: string | string[] | undefined, urgency: number][] = [
      [undefined, 3],
      ['u=5', 5],
      ['u=3', 3],
      ['u=0', 3],
      ['u=7', 7],
      ['i, u=6', 6],
      ['u=4;foo=bar,i', 4],
      ['i;foo, u=6', 6],
      ['u=7, u=4', 4],
      [['u=7', 'u=5'], 5],
      [['u=5', 'i'], 5],
      ['u=6, u=0', 3],
      ['u=9, u=6', 6],
    ]
    for (const [header, urgency] of wishes)
      expect(urgencyOf(header, 3), `Priority: ${String(header)}, on a route with 3`).toBe(urgency)
    for (const header of ['u=5, menu', 'u=5, menu=7', 'u=5, urgent', 'u=5, up=7', 'u=5, i;u=7'])
      expect(urgencyOf(header, 3), `Priority: ${header}: only one member is u`).toBe(5)
    expect(urgencyOf('u=2', 1), 'u=2, on a route with 1: less urgent than that, and more than most').toBe(2)
    expect(urgencyOf('u=4', 6), 'u=4, on a route with 6').toBe(6)
  })

  test('takes a wish that makes no sense for none', () => {
    const nonsense = [
      'u=9',
      'u=8',
      'u=-1',
      'u=55',
      'u=5.5',
      'u=5.0',
      'u=5e0',
      'u=0x5',
      'u= 5',
      'u=high',
      'u',
      'U=5',
      'menu=5',
      'u=6, u=9',
      'u=6, u',
      'u=6, u;now',
      '',
      ',',
    ]
    for (const header of [...nonsense, 'u;u=6', 'i;u=6'])
      expect(urgencyOf(header, 3), `Priority: ${header}, on a route with 3`).toBe(3)
    for (const header of [...nonsense, 'i'])
      expect(
        urgencyOf(header, 1),
        `Priority: ${header}, on a route with 1: who wishes nothing is as urgent as that`,
      ).toBe(1)
  })
})
