import { Door, type DoorOptions, type Visitor } from '#chapters/08-load-shedding/door.ts'
import { getEventListeners } from 'node:events'
import { describe, expect, test, vi } from 'vitest'
import { deadlineAfter } from '../../shared/core/deadline.ts'
import { OverloadError, TimeoutError } from '../../shared/core/errors.ts'
import { turnsAskedFor } from '../../shared/testing/turns.ts'
import {
  arrive,
  arriveTogether,
  blocked,
  countOf,
  occupied,
  oneTurn,
  refusedBecause,
  statesOf,
  timeIsOurs,
  turns,
  type Visit,
  waiting,
} from '../../shared/testing/visits.ts'

timeIsOurs()

/** Of five who come in one turn three may wait. */
async function threeOfFive(visitors: Visitor[] = [{}, {}, {}, {}, {}]) {
  const { door, leave } = await occupied({ queue: 3 })
  const visits = arriveTogether(door, visitors)
  await turns()
  expect(statesOf(visits), 'step 1 first: three wait').toEqual(['waiting', 'waiting', 'waiting', 'refused', 'refused'])
  return { door, leave, visits }
}

describe('Step 1: So many, and no more', () => {
  test('lets so many in, has a few wait, and refuses the next at once', async () => {
    const door = new Door({ limit: 2, queue: 1 })
    const visits = arriveTogether(door, 4)
    await turns()
    expect(statesOf(visits), 'two places, and one may wait: what became of four').toEqual([
      'inside',
      'inside',
      'waiting',
      'refused',
    ])
    expect(visits[3]).toMatchObject(refusedBecause('full'))
    expect(visits[3]!.error).toBeInstanceOf(OverloadError)
    expect(visits[3]!.error, 'elapsedMs: refused in the turn in which it came').toMatchObject({ elapsedMs: 0 })
    expect({ inside: door.inside, waiting: door.waiting, places: door.places }).toEqual({
      inside: 2,
      waiting: 1,
      places: 2,
    })
    visits[0]!.pass?.leave()
    await turns()
    expect(statesOf(visits), 'a place came free, and somebody waits for it').toEqual([
      'inside',
      'inside',
      'inside',
      'refused',
    ])
  })

  test('has nobody wait where there is no queue', async () => {
    const { door, leave } = await occupied({ queue: 0 })
    const next = arrive(door)
    vi.advanceTimersByTime(30)
    await turns()
    expect(next, 'queue: 0 and no place').toMatchObject(refusedBecause('full'))
    expect(next.error, 'elapsedMs: refused at the end of a turn of 30 ms').toMatchObject({ elapsedMs: 30 })
    leave()
    const third = arrive(door)
    await turns()
    expect(third.state, 'the place is free again').toBe('inside')
  })

  test('gives a place that comes free to whoever came first', async () => {
    const { door, leave } = await occupied()
    const first = await waiting(door)
    const second = await waiting(door, { deadline: deadlineAfter(50) })
    leave()
    // In the very moment in which the place comes free.
    const newcomer = arrive(door)
    await turns()
    expect(
      statesOf([first, second, newcomer]),
      'first, second, who has less time left, and a newcomer who sees a free place',
    ).toEqual(['inside', 'waiting', 'waiting'])

    const two = new Door({ limit: 2 })
    const before = arriveTogether(two, 2)
    await turns()
    const behind = [await waiting(two), await waiting(two)]
    for (const { pass } of before) pass!.leave()
    await turns()
    expect(statesOf(behind), 'two leave in one turn, and two wait').toEqual(['inside', 'inside'])
  })

  test('begins nothing in the turn of the loop in which it came', async () => {
    const door = new Door({ limit: 10 })
    const visit = arrive(door)
    for (let i = 0; i < 50; i++) await null
    expect(
      visit.state,
      'the turn is not over: answers that are there already are still unread, and perhaps the house is full',
    ).toBe('waiting')
    await turns()
    expect(visit.state, 'and in the next one').toBe('inside')

    const full = await occupied()
    const next = await waiting(full.door)
    const empty = new Door({ limit: 1 })
    const inOneTurn: Visit['state'][] = []
    // Two callbacks of one turn of the loop: promises settle between them, and so does whatever nextTick has to do.
    await new Promise<void>((resolve) => {
      let newcomer: Visit
      setImmediate(() => {
        newcomer = arrive(empty)
        full.leave()
      })
      setImmediate(() => {
        inOneTurn.push(...statesOf([newcomer, next]))
        resolve()
      })
    })
    expect(
      inOneTurn,
      'somebody came, and somebody else left, in the callback before this one: the turn goes on, and there is more to read',
    ).toEqual(['waiting', 'waiting'])
  })

  test('cuts the queue when it knows all who have come, and all who have left', async () => {
    const { door, leave } = await occupied({ queue: 1 })
    const first = await waiting(door)
    const second = arrive(door)
    // In the same turn of the loop, a little later.
    leave()
    await turns()
    expect(
      statesOf([first, second]),
      'the queue was full when the second came, and was not when the turn ended',
    ).toEqual(['inside', 'waiting'])

    const { door: other } = await occupied({ queue: 2 })
    const three = arriveTogether(
      other,
      [50, Infinity, 80].map((ms) => ({ deadline: deadlineAfter(ms) })),
    )
    await turns()
    expect(
      statesOf(three),
      'a queue for two, and three in one turn: the newest is cut, whatever time each has',
    ).toEqual(['waiting', 'waiting', 'refused'])
    const more = arriveTogether(other, 3)
    await turns()
    expect(statesOf(more), 'two wait already, and three more come in one turn').toEqual([
      'refused',
      'refused',
      'refused',
    ])
    expect(other.waiting, 'in a queue for two').toBe(2)
  })

  test('asks for one turn for all who come or leave, and for none while they wait', async () => {
    const { door } = await occupied({ maxWaitMs: Infinity })
    const asked = turnsAskedFor(5)
    arriveTogether(door, 10)
    expect(await asked, 'turns asked for (`setImmediate`) by ten who come in one, and wait').toBeLessThan(3)
    expect(door.waiting, 'no place, and ten who wait for one').toBe(10)
    expect(
      await turnsAskedFor(5),
      'turns asked for in 5 ms in which ten wait: a core that is busy with it',
    ).toBeLessThan(3)

    const many = new Door({ limit: 10 })
    const inside = arriveTogether(many, 10)
    await turns()
    arriveTogether(many, 10)
    await turns()
    const askedByLeaving = turnsAskedFor(5)
    for (const { pass } of inside) pass?.leave()
    expect(await askedByLeaving, 'turns asked for by ten who leave in one, where ten wait').toBeLessThan(4)
  })

  test('takes a place back once, however often it is given', async () => {
    const { door, leave } = await occupied()
    const next = await waiting(door)
    leave()
    await turns()
    expect(next.state, 'the only place was given back, and somebody waits for it').toBe('inside')
    leave()
    await turns()
    expect(door.inside, 'inside, after somebody has left for the second time').toBe(1)
    expect((await waiting(door)).state).toBe('waiting')
  })
})

describe('Step 2: Nobody waits for ever', () => {
  test('refuses whoever has waited for long enough, and says for how long', async () => {
    const { door } = await occupied({ maxWaitMs: 100 })
    const visit = await waiting(door)
    await vi.advanceTimersByTimeAsync(99)
    expect(visit.state, 'maxWaitMs is 100, and 99 are over').toBe('waiting')
    await vi.advanceTimersByTimeAsync(1)
    expect(visit, 'maxWaitMs is over').toMatchObject(refusedBecause('waited'))
    expect(visit.error, 'elapsedMs: for how long it waited').toMatchObject({ elapsedMs: 100 })
    expect(door.waiting, 'they have gone, and their place in the queue is free').toBe(0)
  })

  test('has somebody wait until there is a place, where maxWaitMs is Infinity', async () => {
    const { door, leave } = await occupied({ maxWaitMs: Infinity })
    const visit = await waiting(door)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(visit.state, 'after 10 s; the delay of a timer that is longer than 2 ** 31 - 1 ms is 1 ms').toBe('waiting')
    leave()
    await turns()
    expect(visit.state, 'and then there is a place').toBe('inside')
  })

  test('asks the clock when a place comes free, and not the timer', async () => {
    const { door, leave } = await occupied({ maxWaitMs: 100 })
    const visits = [await waiting(door), await waiting(door)]
    await blocked(150, leave)
    expect(
      statesOf(visits),
      'both were too late, by the clock, though no timer has said so: whom does the work serve?',
    ).not.toContain('inside')
    for (const visit of visits) {
      expect(visit).toMatchObject(refusedBecause('waited'))
      expect(visit.error, 'elapsedMs: for how long they waited, and not for how long they meant to').toMatchObject({
        elapsedMs: 150,
      })
    }
    expect(vi.getTimerCount(), 'timers of those whose time was over by the clock').toBe(0)
  })

  test('does not notice when somebody sets the wall clock', async () => {
    const { door, leave } = await occupied({ maxWaitMs: 100 })
    const visit = await waiting(door, { deadline: deadlineAfter(60_000) })
    vi.setSystemTime(Date.now() + 3_600_000)
    await vi.advanceTimersByTimeAsync(50)
    leave()
    await turns()
    expect(visit, 'an hour later by the wall clock, 50 ms by a clock that nobody sets').toMatchObject({
      state: 'inside',
      pass: { waitedMs: 50 },
    })
  })

  test('leaves no timer behind, whatever became of them', async () => {
    const { visits, leave } = await threeOfFive()
    leave()
    await turns()
    expect(countOf(visits, 'waiting'), 'one has gone in, two were too many, and two wait').toBe(2)
    expect(vi.getTimerCount(), 'timers: one each for the two who wait, none for the others').toBeLessThan(3)
    await vi.advanceTimersByTimeAsync(100)
    expect(countOf(visits, 'waiting'), 'maxWaitMs is over').toBe(0)
    expect(vi.getTimerCount(), 'timers that still run').toBe(0)
  })
})

describe('Step 4: Gone, or too late', () => {
  test('begins nothing for which nobody waits any more', async () => {
    const { door } = await occupied()
    const tooLate = arrive(door, { deadline: deadlineAfter(0) })
    const soon = await waiting(door, { deadline: deadlineAfter(50) })
    expect(tooLate.error, 'their deadline had passed when they came').toBeInstanceOf(TimeoutError)
    expect(tooLate.error, 'elapsedMs: they have not waited at all').toMatchObject({ elapsedMs: 0 })
    await vi.advanceTimersByTimeAsync(50)
    expect(soon.error, 'their deadline has passed in the queue, before maxWaitMs').toBeInstanceOf(TimeoutError)
    expect(soon.error, 'elapsedMs: for how long they have waited').toMatchObject({ elapsedMs: 50 })
    expect(door.waiting).toBe(0)

    const patient = await occupied({ maxWaitMs: Infinity })
    const last = await waiting(patient.door)
    const hurried = await waiting(patient.door, { deadline: deadlineAfter(50.5) })
    // Timers may be early, by a fraction of a millisecond or two.
    await vi.advanceTimersByTimeAsync(52)
    expect(last.state, 'maxWaitMs: Infinity, and no deadline').toBe('waiting')
    expect(hurried.error, 'a deadline of 50.5 ms, behind somebody who has time').toBeInstanceOf(TimeoutError)
  })

  test('asks the clock, and not the timer, whose deadline has passed', async () => {
    const { door, leave } = await occupied({ maxWaitMs: 1_000 })
    const patient = await waiting(door)
    const hurried = await waiting(door, { deadline: deadlineAfter(50) })
    await blocked(150, leave)
    expect(statesOf([patient, hurried]), 'who has time, and behind them who has not, though no timer says so').toEqual([
      'inside',
      'refused',
    ])
    expect(hurried.error, 'their deadline has passed').toBeInstanceOf(TimeoutError)
    expect(hurried.error, 'elapsedMs: for how long they have waited').toMatchObject({ elapsedMs: 150 })

    const both = await occupied({ maxWaitMs: 100 })
    const visit = await waiting(both.door, { deadline: deadlineAfter(120) })
    await blocked(150, both.leave)
    expect(visit.error, 'maxWaitMs is over, and so is their deadline').toBeInstanceOf(TimeoutError)
    const { door: still } = await occupied({ maxWaitMs: 100 })
    const byTimer = await waiting(still, { deadline: deadlineAfter(120) })
    await blocked(150, () => vi.advanceTimersByTime(100))
    expect(byTimer.error, 'a timer for maxWaitMs that is so late that their deadline is over, too').toBeInstanceOf(
      TimeoutError,
    )
  })

  test('frees the place in the queue of somebody who leaves it, at once', async () => {
    const { door } = await occupied({ queue: 1 })
    const hangUp = new AbortController()
    const visit = await waiting(door, { signal: hangUp.signal })
    const reason = new Error('hung up')
    hangUp.abort(reason)
    expect(door.waiting, 'in the queue, the moment after the only one left it').toBe(0)
    await turns()
    expect(visit.error, 'with the reason of their own signal').toBe(reason)
    expect((await waiting(door)).state, 'the next one has room').toBe('waiting')
  })

  test('keeps no place for somebody who leaves just when it comes free', async () => {
    const { door, leave } = await occupied()
    const hangUp = new AbortController()
    const gone = await waiting(door, { signal: hangUp.signal })
    const next = await waiting(door)
    leave()
    hangUp.abort(new Error('hung up'))
    await turns()
    expect(statesOf([gone, next]), 'who left in that moment, and who was behind them').toEqual(['refused', 'inside'])

    const early = new AbortController()
    const empty = new Door({ limit: 1 })
    const newcomer = arrive(empty, { signal: early.signal })
    const reason = new Error('hung up')
    early.abort(reason)
    await turns()
    expect(newcomer.state, 'came and went in one turn of the loop').toBe('refused')
    expect({ inside: empty.inside, waiting: empty.waiting }, 'and is not there').toEqual({ inside: 0, waiting: 0 })
    const never = arrive(door, { signal: early.signal })
    await turns()
    expect(never.error, 'had gone before they came: with the reason of their own signal').toBe(reason)
    expect(door.waiting).toBe(0)
  })

  test('leaves no listener behind, and no timer, whatever became of them', async () => {
    const { signal } = new AbortController()
    const deadlines = [Infinity, deadlineAfter(60), Infinity, Infinity, 0]
    const { door, visits, leave } = await threeOfFive(deadlines.map((deadline) => ({ deadline, signal })))
    leave()
    await turns()
    await vi.advanceTimersByTimeAsync(70)
    expect(countOf(visits, 'waiting'), 'one has gone in, one was too late, and one waits').toBe(1)
    expect(vi.getTimerCount(), 'timers: one for the only one who waits, none for the others').toBeLessThan(2)
    await vi.advanceTimersByTimeAsync(30)
    expect(countOf(visits, 'waiting')).toBe(0)
    expect(vi.getTimerCount(), 'timers that still run, of those with a signal').toBe(0)
    expect(getEventListeners(signal, 'abort').length, 'listeners on a signal that lives on').toBe(0)
    const hangUp = new AbortController()
    await waiting(door, { signal: hangUp.signal })
    hangUp.abort(new Error('hung up'))
    await turns()
    expect(vi.getTimerCount(), 'timers of somebody who has hung up').toBe(0)
    for (const maxWaitMs of [100, Infinity]) {
      const empty = new Door({ limit: 1, maxWaitMs })
      const atOnce = arrive(empty, { signal })
      await turns()
      expect(atOnce.state, 'an empty house').toBe('inside')
      const next = await waiting(empty, { signal })
      atOnce.pass!.leave()
      await turns()
      expect(next.state).toBe('inside')
      expect(
        getEventListeners(signal, 'abort').length,
        `listeners of somebody who did not have to wait, and of somebody who might, for ${maxWaitMs} ms`,
      ).toBe(0)
    }
  })
})

describe('Step 5: So many in a turn', () => {
  test('begins so many in a turn, and refuses nobody for whom there is a place', async () => {
    const door = new Door({ limit: 100, queue: 0, perTurn: 8 })
    const visits = arriveTogether(door, 20)
    let before = 0
    for (let turn = 0; turn < 6; turn++) {
      await oneTurn()
      const inside = countOf(visits, 'inside')
      expect(inside - before, 'begun in one turn of the loop, with perTurn: 8').toBeLessThanOrEqual(8)
      before = inside
    }
    expect(countOf(visits, 'refused'), 'refused, with 100 places: they only wait for their turn').toBe(0)
    expect(before, 'of twenty, inside after six turns').toBe(20)

    const small = new Door({ limit: 3, queue: 2, perTurn: 1 })
    const six = arriveTogether(small, 6)
    await turns(8)
    expect(
      statesOf(six),
      'six at once, three places, and two may wait: the queue begins behind those who have a place',
    ).toEqual(['inside', 'inside', 'inside', 'waiting', 'waiting', 'refused'])

    const nine = new Door({ limit: 9, queue: 0, perTurn: 8 })
    const twelve = arriveTogether(nine, 12)
    await turns()
    expect(countOf(twelve, 'inside'), 'of twelve, with nine places').toBe(9)
    expect(countOf(twelve, 'refused'), 'of twelve, with nine places and no queue').toBe(3)

    const inOneTurn = arriveTogether(new Door({ limit: 20, perTurn: Infinity }), 20)
    await oneTurn()
    expect(countOf(inOneTurn, 'inside'), 'perTurn: Infinity, and places for all twenty').toBe(20)
    const unlimited = arriveTogether(new Door({ limit: Infinity, queue: 0 }), 20)
    await turns()
    expect(countOf(unlimited, 'inside'), 'limit: Infinity, of twenty').toBe(20)
  })

  test('begins so many in a turn, also when all who are inside leave at once', async () => {
    const door = new Door({ limit: 20, perTurn: 8 })
    const inside = arriveTogether(door, 20)
    await turns()
    const next = arriveTogether(door, 20)
    await turns()
    expect(countOf(next, 'waiting'), 'twenty places, which are taken').toBe(20)
    for (const { pass } of inside) pass!.leave()
    await oneTurn()
    expect(countOf(next, 'inside'), 'begun in one turn of the loop, with perTurn: 8').toBeLessThanOrEqual(8)
    await turns()
    expect(countOf(next, 'inside'), 'of twenty, inside after six turns').toBe(20)
  })

  test('counts nobody whose time is over, by the clock', async () => {
    const { door, leave } = await occupied({ perTurn: 1 })
    arriveTogether(door, 2)
    await turns()
    let next: Visit | undefined
    await blocked(150, () => {
      leave()
      next = arrive(door)
    })
    expect(next!.state, 'perTurn: 1, and who was before them has gone').toBe('inside')

    const crowded = await occupied({ queue: 2 })
    arriveTogether(crowded.door, 2)
    await turns()
    await blocked(150, () => {
      next = arrive(crowded.door)
    })
    expect(next!.state, 'a queue for two, and both who were in it have gone').toBe('waiting')

    const mixed = await occupied({ maxWaitMs: 1_000 })
    const patient = await waiting(mixed.door)
    const hurried = [
      await waiting(mixed.door, { deadline: deadlineAfter(100) }),
      await waiting(mixed.door, { urgency: 5, deadline: deadlineAfter(100) }),
    ]
    await blocked(150, mixed.leave)
    expect(patient.state, 'who may wait for a second, and was first').toBe('inside')
    expect(
      statesOf(hurried),
      'their deadlines are over: everybody’s, also behind somebody who has time, and in a less urgent queue',
    ).toEqual(['refused', 'refused'])
  })

  test('blames nobody for the turn in which they came, however long it was', async () => {
    const { door, leave } = await occupied({ maxWaitMs: 100 })
    const brief = arrive(door, { deadline: deadlineAfter(100) })
    const last = arrive(door, { deadline: deadlineAfter(500) })
    await blocked(150, leave)
    expect(brief.error, 'came in this turn, but it took longer than their deadline').toBeInstanceOf(TimeoutError)
    expect(last.state, 'who has just come has waited for nobody yet, whatever the loop took').toBe('inside')

    const full = await occupied()
    const inThisTurn = arrive(full.door, { deadline: deadlineAfter(5) })
    vi.advanceTimersByTime(10)
    await turns()
    expect(inThisTurn.error, 'their deadline has passed in the turn in which they came').toBeInstanceOf(TimeoutError)
    expect(inThisTurn.error, 'elapsedMs: the turn took 10 ms').toMatchObject({ elapsedMs: 10 })

    const hasty = await occupied({ maxWaitMs: 0 })
    const impatient = arrive(hasty.door)
    await turns()
    await vi.advanceTimersByTimeAsync(1)
    expect(impatient.error, 'maxWaitMs: 0, and no place').toBeInstanceOf(OverloadError)
  })

  test('counts from when they came, and not from the end of that turn', async () => {
    const { door } = await occupied({ maxWaitMs: 100 })
    const long = arrive(door)
    vi.advanceTimersByTime(30)
    await turns()
    await vi.advanceTimersByTimeAsync(69)
    expect(long.state, 'came in a turn of 30 ms, and 69 more are over').toBe('waiting')
    await vi.advanceTimersByTimeAsync(1)
    expect(long, 'maxWaitMs is over, from when they came').toMatchObject(refusedBecause('waited'))
  })
})

describe('Step 13: Nonsense', () => {
  test('refuses options that are out of bounds, by name', () => {
    const nonsense: Record<string, unknown>[] = [
      { limit: 0 },
      { limit: 1.5 },
      { limit: NaN },
      { limit: '64' },
      { limit: null },
      { limit: { places: NaN, learn() {} } },
      { limit: { places: 0, learn() {} } },
      { queue: -1 },
      { queue: NaN },
      { queue: 1.5 },
      { queue: Infinity },
      { maxWaitMs: -1 },
      { maxWaitMs: NaN },
      { maxWaitMs: null },
      { burstMs: -1 },
      { burstMs: NaN },
      { perTurn: 0 },
      { perTurn: 2.5 },
      { perTurn: NaN },
      { fairEvery: 0 },
      { fairEvery: 1.5 },
      { fairEvery: NaN },
      { newestFirstAfterMs: 0 },
      { newestFirstAfterMs: NaN },
      { earlyFrom: -0.1 },
      { earlyFrom: 1.1 },
      { earlyFrom: NaN },
    ]
    for (const options of nonsense) {
      const [name, value] = Object.entries(options)[0]!
      const { places = value } = Object(value) as { places?: unknown }
      const make = () => new Door({ limit: 1, ...options })
      expect(make, JSON.stringify(options)).toThrow(RangeError)
      expect(make, 'the message names the option').toThrow(name)
      expect(make, 'the message says what it got').toThrow(String(places))
    }
    const odd = { limit: Infinity, queue: 0, maxWaitMs: Infinity, perTurn: Infinity, fairEvery: Infinity, earlyFrom: 0 }
    expect(() => new Door(odd), 'unusual, and fine').not.toThrow()
  })

  test('takes the default for an option that is undefined', async () => {
    const options = { queue: undefined, maxWaitMs: undefined } as never as Partial<DoorOptions>
    expect(() => new Door({ limit: 1, ...options }), 'queue: undefined').not.toThrow()
    const { door } = await occupied(options)
    const visits = arriveTogether(door, 70)
    await turns()
    expect(countOf(visits, 'waiting'), 'waiting, with a queue of 64').toBe(64)
    await vi.advanceTimersByTimeAsync(100)
    expect(countOf(visits, 'waiting'), 'after 100 ms').toBe(0)
  })

  test('waits for as long as it is told to, also for longer than a timer can', async () => {
    const { door, leave } = await occupied({ maxWaitMs: 2 ** 31 + 5 })
    const visit = await waiting(door)
    await vi.advanceTimersByTimeAsync(5)
    expect(visit.state, 'a timer of more than 2³¹−1 ms fires after 1').toBe('waiting')
    const forEver = await occupied({ maxWaitMs: Infinity })
    const patient = await waiting(forEver.door)
    expect(vi.getTimerCount(), 'who waits for ever needs no timer').toBe(1)
    leave()
    forEver.leave()
    await turns()
    expect(statesOf([visit, patient])).toEqual(['inside', 'inside'])

    const other = await occupied({ maxWaitMs: 2 ** 31 + 5 })
    const last = await waiting(other.door)
    await vi.advanceTimersByTimeAsync(2 ** 31 + 4)
    expect(last.state, 'a millisecond before the end of maxWaitMs, for which no single timer lasts').toBe('waiting')
    await vi.advanceTimersByTimeAsync(1)
    expect(last).toMatchObject(refusedBecause('waited'))
  })
})
