import { Door, type DoorOptions } from '#chapters/08-load-shedding/door.ts'
import { getEventListeners } from 'node:events'
import { describe, expect, test, vi } from 'vitest'
import { deadlineAfter } from '../../shared/core/deadline.ts'
import {
  arrive,
  arriveTogether,
  countOf,
  crowded,
  occupied,
  oneTurn,
  refusedBecause,
  statesOf,
  takingTurns,
  timeIsOurs,
  turns,
  waiting,
  waitingOf100,
} from '../../shared/testing/visits.ts'

timeIsOurs()

describe('Step 10: No, at once', () => {
  /** The mean of the visits is 50 ms. */
  async function slow(options: Partial<DoorOptions> = {}) {
    const door = new Door({ limit: 1, queue: 100, maxWaitMs: 400, ...options })
    for (let i = 0; i < 20; i++) {
      const visit = arrive(door)
      await turns(2)
      vi.advanceTimersByTime(50)
      visit.pass?.leave()
    }
    await turns()
    const inside = arrive(door)
    await turns()
    return { door, inside }
  }

  test('refuses at once whose turn would come too late', async () => {
    const { door } = await slow()
    const visits = arriveTogether(door, 6)
    await turns()
    expect(
      statesOf(visits),
      'one place, visits of 50 ms, and of 400 ms of patience half is kept back: the fourth in line may just wait, not the fifth',
    ).toEqual(['waiting', 'waiting', 'waiting', 'waiting', 'refused', 'refused'])
    expect(visits[5]).toMatchObject(refusedBecause('late'))
    const urgent = arriveTogether((await slow()).door, 6, { urgency: 0 })
    await turns()
    expect(countOf(urgent, 'waiting'), 'urgent or not').toBe(4)
  })

  test('refuses them as if they had never been there', async () => {
    const { door } = await slow({ queue: 4 })
    const { signal } = new AbortController()
    const late = arrive(door, { signal, deadline: deadlineAfter(20) })
    await turns()
    expect(late).toMatchObject(refusedBecause('late'))
    expect(door.waiting, 'waiting').toBe(0)
    expect(getEventListeners(signal, 'abort').length, 'listeners of somebody who was refused').toBe(0)
    expect(vi.getTimerCount(), 'timers').toBe(0)
    const visits = arriveTogether(
      door,
      [20, 20, 20, Infinity, Infinity, Infinity, Infinity].map((ms) => ({ deadline: deadlineAfter(ms) })),
    )
    await turns()
    expect(
      statesOf(visits),
      'three whom 20 ms are left, and four behind them, a queue for four: who is refused is not ahead of these, nor in their room',
    ).toEqual([...Array<string>(3).fill('refused'), ...Array<string>(4).fill('waiting')])
  })

  test('refuses at once or not at all: who has been let wait, waits', async () => {
    const { door, inside } = await slow()
    const visits = arriveTogether(door, 4)
    await turns()
    vi.advanceTimersByTime(250)
    inside.pass?.leave()
    await turns()
    expect(statesOf(visits), 'they were told to wait when a visit took 50 ms; the last took longer').toEqual([
      'inside',
      'waiting',
      'waiting',
      'waiting',
    ])
  })

  test('goes by what is true at the end of the turn', async () => {
    const { door, inside } = await slow()
    const visits = arriveTogether(door, 4)
    await turns()
    vi.advanceTimersByTime(50)
    inside.pass?.leave()
    visits.push(arrive(door))
    await turns()
    expect(statesOf(visits), 'the first of them goes in: the fifth is the fourth, and may just wait').toEqual([
      'inside',
      ...Array<string>(4).fill('waiting'),
    ])
    vi.advanceTimersByTime(50)
    visits[0]!.pass!.leave()
    visits.push(arrive(door))
    await turns()
    expect(visits.at(-1)!.state, 'the first took 50 ms as well, from when it went in: it is the fourth again').toBe(
      'waiting',
    )

    const long = await slow()
    const six = arriveTogether(long.door, 6)
    vi.advanceTimersByTime(100)
    await turns()
    expect(countOf(six, 'waiting'), 'the turn took 100 of their 400 ms: of 300 half, for visits of 50').toBe(3)
    expect(six[5]!.error, 'elapsedMs: from when they came').toMatchObject({ because: 'late', elapsedMs: 100 })

    const limit = { places: 2, learn() {} }
    const shrunk = await slow({ limit })
    limit.places = 1
    const more = arriveTogether(shrunk.door, 6)
    await turns()
    expect(countOf(more, 'waiting'), 'one place less: of 400 ms half, for visits of 50').toBe(4)
  })

  test('does not forget its mean over one visit', async () => {
    const { door, inside } = await slow()
    vi.advanceTimersByTime(1)
    inside.pass?.leave()
    const visits = arriveTogether(door, 8)
    await turns()
    expect(
      countOf(visits, 'refused'),
      'after twenty visits of 50 ms and one of 1 ms, of eight with 400 ms',
    ).toBeGreaterThan(0)

    for (const visit of visits) visit.pass?.leave()
    await turns(20)
    const twice = await slow()
    vi.advanceTimersByTime(50)
    twice.inside.pass!.leave()
    vi.advanceTimersByTime(1_000)
    twice.inside.pass!.leave()
    const five = arriveTogether(twice.door, 5)
    await turns()
    expect(countOf(five, 'waiting'), 'who leaves a second time has not been there for a second').toBe(4)

    const quick = await slow()
    for (let i = 0, last = quick.inside; i < 40; i++) {
      vi.advanceTimersByTime(1)
      last.pass?.leave()
      last = arrive(quick.door)
      await turns(2)
    }
    const three = arriveTogether(quick.door, 8)
    await turns()
    expect(countOf(three, 'refused'), 'after forty visits of 1 ms, of eight with 400 ms').toBe(0)

    for (const [maxWaitMs, visitMs, count, why] of [
      [500, 250, 3, 'of 50 and 250 a tenth is 70 ms, and 250 are kept back: three'],
      [
        450,
        1,
        4,
        'a fast one weighs no more than a slow one: of 50 and 1 a tenth is 45.1 ms, and 225 are kept back: four',
      ],
    ] as const) {
      const weighed = await slow({ maxWaitMs })
      vi.advanceTimersByTime(visitMs)
      weighed.inside.pass?.leave()
      const others = arriveTogether(weighed.door, 8)
      await turns()
      expect(countOf(others, 'waiting'), why).toBe(count)
    }
  })

  test('does not notice either when somebody sets the wall clock', async () => {
    const { door, inside } = await slow()
    vi.advanceTimersByTime(50)
    vi.setSystemTime(Date.now() + 3_600_000)
    inside.pass?.leave()
    const visits = arriveTogether(door, 6)
    await turns()
    expect(countOf(visits, 'waiting'), 'one is inside, and four may wait, as before').toBe(4)

    const busy = await crowded()
    const four = arriveTogether(busy, 4)
    await oneTurn()
    vi.advanceTimersByTime(10)
    vi.setSystemTime(Date.now() + 3_600_000)
    await oneTurn()
    for (const { pass } of four) pass?.leave()
    await turns()
    expect(await waitingOf100(busy), 'turns of 10 ms, as before').toBe(4)
  })

  test('counts only those who will go first, and all the places', async () => {
    const { door } = await slow({ limit: 2 })
    arrive(door)
    const quotes = arriveTogether(door, 9, { urgency: 5 })
    await turns()
    expect(countOf(quotes, 'waiting'), 'of nine quotes, with two places: eight can be served in 200 of 400 ms').toBe(8)
    const booking = arrive(door, { urgency: 1 })
    await turns()
    expect(booking.state, 'a booking goes before all of them').toBe('waiting')
    const report = arrive(door, { urgency: 7 })
    await turns()
    expect(report, 'nobody else has an urgency of 7, but eight quotes go first').toMatchObject(refusedBecause('late'))
    const hurried = arrive(door, { urgency: 0, deadline: deadlineAfter(20) })
    await turns()
    expect(hurried, 'for whom nobody waits longer than 20 ms').toMatchObject(refusedBecause('late'))
  })

  test('knows how long a turn is, for those who have a place and wait for one', async () => {
    const door = await crowded()
    expect(
      await waitingOf100(door),
      'places for all, turns of 10 ms, two begin in each, and 20 of 40 ms are kept back: four can be let in in time',
    ).toBe(4)
    expect(
      await waitingOf100(await crowded({ limit: 10, maxWaitMs: 100 })),
      'eight free places, and visits of 10 ms: for turns they wait for longer than for places, so 50 ms are for ten',
    ).toBe(10)
    expect(await waitingOf100(await crowded({ limit: 3 })), 'perTurn: 2, and three places').toBe(4)
    const full = await crowded({ limit: 4 })
    arriveTogether(full, 4)
    await oneTurn()
    vi.advanceTimersByTime(10)
    await oneTurn()
    const others = arriveTogether(full, 20)
    await oneTurn()
    expect(
      countOf(others, 'waiting'),
      'no place is free, and visits of 10 ms on four places: also for those turns are what they wait for longer',
    ).toBe(4)
    for (const [maxWaitMs, count] of [
      [60, 2],
      [80, 3],
    ] as const) {
      const { door: four } = await slow({ limit: 4, perTurn: 1, maxWaitMs })
      const visits = arriveTogether(four, 5)
      await oneTurn()
      expect(countOf(visits, 'inside'), 'perTurn: 1').toBe(1)
      expect(
        countOf(visits, 'waiting'),
        `two places are free; from the third on they wait for visits of 50 ms on four places, and have ${maxWaitMs / 2} ms`,
      ).toBe(count)
    }
  })

  test('takes for a turn only what somebody with a place has waited for', async () => {
    const idle = new Door({ limit: 1_000, queue: 1_000, perTurn: 2, maxWaitMs: 40 })
    for (let i = 0; i < 20; i++) {
      const visit = arrive(idle)
      await turns(2)
      visit.pass?.leave()
      vi.advanceTimersByTime(500)
    }
    expect(await waitingOf100(idle), 'the loop turned twice a second, as nobody came: that is no long turn').toBe(98)

    const { door, leave } = await occupied({ limit: 100, queue: 1_000, perTurn: 2, maxWaitMs: 2_000 })
    const visits = arriveTogether(door, 99)
    await turns(100)
    await waiting(door)
    vi.advanceTimersByTime(500)
    leave()
    vi.advanceTimersByTime(500)
    for (const { pass } of visits) pass?.leave()
    await turns()
    expect(door.inside, 'whoever waited').toBe(1)
    const crowd = arriveTogether(door, 90, { deadline: deadlineAfter(40) })
    await turns(100)
    expect(countOf(crowd, 'inside'), 'who waited for a second waited for a place, and not for a turn').toBe(90)
  })

  test('does not take one long turn for all that will follow', async () => {
    const door = await crowded()
    await takingTurns(door, 1, 40)
    expect(
      await waitingOf100(door),
      'sixty turns of 10 ms and one of 40, so 13 on average: for one turn and a half',
    ).toBe(3)
    const cold = new Door({ limit: 1_000, queue: 1_000, perTurn: 2, maxWaitMs: 40 })
    await takingTurns(cold, 1, 100)
    expect(
      await waitingOf100(cold),
      'the very first turn took 100 ms, as the first ones do: the average begins at 0, so 10 ms for two turns',
    ).toBe(4)
    const once = new Door({ limit: 1_000, queue: 1_000, perTurn: 2, maxWaitMs: Infinity })
    const all = arriveTogether(once, 122)
    for (let i = 0; i < 60; i++) {
      await oneTurn()
      vi.advanceTimersByTime(10)
    }
    await turns()
    for (const { pass } of all) pass!.leave()
    await turns()
    expect(
      await waitingOf100(once, 40),
      'sixty turns of 10 ms, in which nobody came, but somebody with a place waited for each',
    ).toBe(4)
    const now = await crowded()
    arriveTogether(now, 4)
    await oneTurn()
    vi.advanceTimersByTime(40)
    expect(await waitingOf100(now), 'and it counts for those who come in it').toBe(3)
    const fast = await crowded()
    await takingTurns(fast, 60, 1)
    expect(await waitingOf100(fast), 'sixty turns of 10 ms, and sixty of 1: for nearly twenty').toBeGreaterThan(30)
  })

  test('keeps back half of maxWaitMs, or half of what they have if that is less', async () => {
    expect(await waitingOf100(await crowded(), 20), '20 ms, less half: one turn').toBe(2)
    expect(await waitingOf100(await crowded(), 1_000), 'a deadline far away, and 40 ms less half: two turns').toBe(4)
    const patient = () => crowded({ maxWaitMs: Infinity })
    expect(await waitingOf100(await patient()), 'for ever is longer than any estimate').toBe(98)
    expect(await waitingOf100(await patient(), 100), 'a deadline in 100 ms, less half: five turns').toBe(10)
  })

  test('never refuses who goes in next, whatever it expects', async () => {
    const { door, inside } = await slow({ maxWaitMs: 10 })
    const refused = arrive(door)
    await turns()
    expect(refused, 'a visit takes 50 ms, and they have 10').toMatchObject(refusedBecause('late'))
    inside.pass?.leave()
    const next = arrive(door)
    await turns()
    expect(next.state, 'the house is empty: who refuses now will never learn that it is fast again').toBe('inside')
    const last = arrive(door)
    // In the same turn of the loop, a little later.
    next.pass?.leave()
    await turns()
    expect(last.state, 'the place came free in the turn in which they came').toBe('inside')

    const roomy = await slow({ maxWaitMs: 10, limit: 4, perTurn: 1 })
    const three = arriveTogether(roomy.door, 3)
    await turns(6)
    expect(countOf(three, 'inside'), 'of three, with three places free: they only wait for their turn').toBe(3)

    const mixed = arriveTogether(await crowded({}, 500), [
      ...Array.from({ length: 4 }, () => ({ urgency: 1 })),
      { urgency: 5 },
    ])
    await oneTurn()
    expect(statesOf(mixed), 'a turn took 500 ms; of four bookings two go in in the next, and no quote').toEqual([
      'inside',
      'inside',
      'waiting',
      'waiting',
      'refused',
    ])
    const late = await crowded({}, 500)
    expect(await waitingOf100(late), 'a turn took 500 ms, and two go in in the next, whatever it takes').toBe(2)
  })
})
