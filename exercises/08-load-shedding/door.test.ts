import { Door, type DoorOptions, type Pass, type Visitor } from '#chapters/08-load-shedding/door.ts'
import { urgencyOf } from '#chapters/08-load-shedding/urgency.ts'
import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { deadlineAfter } from '../../shared/core/deadline.ts'
import { OverloadError, TimeoutError } from '../../shared/core/errors.ts'
import { promisesSettle } from '../../shared/testing/outcome.ts'
import { turnsAskedFor } from '../../shared/testing/turns.ts'

// Time is in the test's hand, the turns of the event loop are real.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'] })
  vi.advanceTimersByTime(5_000)
})

// Whoever still waits goes home.
afterEach(async () => {
  await vi.advanceTimersByTimeAsync(10_000)
})

/** What has become of somebody who came. */
interface Visit {
  state: 'waiting' | 'inside' | 'refused'
  pass?: Pass
  error?: unknown
}

function arrive(door: Door, visitor?: Visitor): Visit {
  const visit: Visit = { state: 'waiting' }
  expect(() => {
    door.enter(visitor).then(
      (pass) => Object.assign(visit, { state: 'inside', pass }),
      (error: unknown) => Object.assign(visit, { state: 'refused', error }),
    )
  }, 'enter threw, where its caller expects a promise').not.toThrow()
  return visit
}
const arriveTogether = (door: Door, visitors: number | Visitor[], each?: Visitor) =>
  Array.from({ length: typeof visitors === 'number' ? visitors : visitors.length }, (_, index) =>
    arrive(door, typeof visitors === 'number' ? each : visitors[index]),
  )

/** The end of a turn of the event loop, and of those that it takes until nobody has anything left to do. */
const oneTurn = promisesSettle
async function turns(count = 5): Promise<void> {
  for (let i = 0; i < count; i++) await oneTurn()
}

const statesOf = (visits: Visit[]) => visits.map(({ state }) => state)
const countOf = (visits: Visit[], state: Visit['state']) => visits.filter((visit) => visit.state === state).length
const refusedBecause = (because: string) => ({
  state: 'refused',
  error: expect.objectContaining({ code: 'OVERLOADED', because }),
})

/** A door with one place, which is taken; `leave` gives it back. */
async function occupied(options: Partial<DoorOptions> = {}) {
  const door = new Door({ limit: 1, ...options })
  const visit = arrive(door)
  await turns()
  expect(visit.state, 'one place, one visitor: whoever comes to an empty house is let in, a turn later').toBe('inside')
  return { door, leave: () => visit.pass!.leave() }
}

/** Somebody for whom there is no place: naive code lets them in. */
async function waiting(door: Door, visitor?: Visitor): Promise<Visit> {
  const visit = arrive(door, visitor)
  await turns()
  const { error } = visit
  const expected =
    error instanceof OverloadError
      ? `somebody who may wait here, and was refused as '${error.because}'`
      : 'step 1 first: whoever finds all places taken waits'
  expect(visit.state, expected).toBe('waiting')
  return visit
}

/** There is room for everybody, but two go in in a turn, and for some turns each took 10 ms. */
async function crowded(options: Partial<DoorOptions> = {}, turnMs = 10) {
  const door = new Door({ limit: 1_000, queue: 1_000, perTurn: 2, maxWaitMs: 40, ...options })
  await takingTurns(door, 60, turnMs)
  return door
}
/** In each two go in, until the next, and two more are left for that; after the last nobody is inside. */
async function takingTurns(door: Door, count: number, turnMs: number): Promise<void> {
  const visits = arriveTogether(door, 4)
  await oneTurn()
  for (let i = 1; i <= count; i++) {
    vi.advanceTimersByTime(turnMs)
    for (const { pass } of visits) pass?.leave()
    if (i < count) visits.push(...arriveTogether(door, 2))
    await oneTurn()
  }
  for (const { pass } of visits) pass?.leave()
  await turns()
}
/** How many of 100 who come to such a door in one turn may wait for another, when two have gone in. */
async function waitingOf100(door: Door, haveMs = Infinity): Promise<number> {
  const visits = arriveTogether(door, 100, { deadline: deadlineAfter(haveMs) })
  await oneTurn()
  expect(countOf(visits, 'inside'), 'perTurn: 2, so of those who come in one turn two go in at its end').toBe(2)
  for (const visit of visits.filter(({ state }) => state === 'refused'))
    expect(visit, 'there are places for all of them, and no turn').toMatchObject(refusedBecause('late'))
  return countOf(visits, 'waiting')
}

/** The loop is blocked for so long: no timer has had its turn, and the clock goes on. */
async function blocked(ms: number, work: () => void): Promise<void> {
  const now = performance.now() + ms
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now)
  work()
  await turns()
  clock.mockRestore()
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
    await turns()
    expect(next, 'queue: 0 and no place').toMatchObject(refusedBecause('full'))
    leave()
    const third = arrive(door)
    await turns()
    expect(third.state, 'the place is free again').toBe('inside')
  })

  test('gives a place that comes free to whoever came first', async () => {
    const { door, leave } = await occupied()
    const first = await waiting(door)
    const second = await waiting(door)
    leave()
    // In the very moment in which the place comes free.
    const newcomer = arrive(door)
    await turns()
    expect(statesOf([first, second, newcomer]), 'first, second, and a newcomer who sees a free place').toEqual([
      'inside',
      'waiting',
      'waiting',
    ])
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
  })

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
  })

  test('takes a place back once, however often it is given', async () => {
    const { door, leave } = await occupied()
    const next = await waiting(door)
    leave()
    await turns()
    expect(next.state).toBe('inside')
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
    await waiting(door)
    expect(
      await turnsAskedFor(5),
      'turns asked for in 5 ms in which one waits: a core that is busy with it',
    ).toBeLessThan(3)

    const hasty = await occupied({ maxWaitMs: 0 })
    const impatient = arrive(hasty.door)
    await turns()
    await vi.advanceTimersByTimeAsync(1)
    expect(impatient.error, 'maxWaitMs: 0, and no place').toBeInstanceOf(OverloadError)
  })

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
    const inThisTurn = arrive(door, { deadline: deadlineAfter(5) })
    vi.advanceTimersByTime(10)
    await turns()
    expect(inThisTurn.error, 'their deadline has passed in the turn in which they came').toBeInstanceOf(TimeoutError)
  })

  test('asks the clock when a place comes free, and not the timer', async () => {
    const { door, leave } = await occupied({ maxWaitMs: 100 })
    const patient = await waiting(door)
    const hurried = await waiting(door, { deadline: deadlineAfter(50) })
    const brief = arrive(door, { deadline: deadlineAfter(100) })
    const last = arrive(door, { deadline: deadlineAfter(500) })
    await blocked(150, leave)
    expect(
      statesOf([patient, hurried]),
      'both were too late, by the clock, though no timer has said so: whom does the work serve?',
    ).not.toContain('inside')
    expect(brief.error, 'came in this turn, but it took longer than anybody waits').toBeInstanceOf(TimeoutError)
    expect(last.state, 'who has just come has waited for nobody yet, whatever the loop took').toBe('inside')
    await vi.advanceTimersByTimeAsync(150)
    expect(patient).toMatchObject(refusedBecause('waited'))
    expect(hurried.error).toBeInstanceOf(TimeoutError)

    const both = await occupied({ maxWaitMs: 100 })
    const visit = await waiting(both.door, { deadline: deadlineAfter(120) })
    await blocked(150, both.leave)
    expect(visit.error, 'maxWaitMs is over, and so is their deadline').toBeInstanceOf(TimeoutError)
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
    early.abort(new Error('hung up'))
    await turns()
    expect(newcomer.state, 'came and went in one turn of the loop').toBe('refused')
    expect({ inside: empty.inside, waiting: empty.waiting }, 'and is not there').toEqual({ inside: 0, waiting: 0 })
    const never = arrive(door, { signal: early.signal })
    await turns()
    expect(never.state, 'had gone before they came').toBe('refused')
    expect(door.waiting).toBe(0)
  })

  test('leaves no timer and no listener behind, whatever became of them', async () => {
    const { door, leave } = await occupied({ queue: 3 })
    const { signal } = new AbortController()
    const visits = arriveTogether(door, [
      { signal },
      { signal, deadline: deadlineAfter(60) },
      { signal },
      { signal },
      { signal, deadline: 0 },
    ])
    await turns()
    expect(statesOf(visits), 'step 1 first: three wait').toEqual([
      'waiting',
      'waiting',
      'waiting',
      'refused',
      'refused',
    ])
    leave()
    await turns()
    await vi.advanceTimersByTimeAsync(100)
    expect(countOf(visits, 'waiting')).toBe(0)
    expect(vi.getTimerCount(), 'timers that still run').toBe(0)
    expect(getEventListeners(signal, 'abort').length, 'listeners on a signal that lives on').toBe(0)
    const hangUp = new AbortController()
    await waiting(door, { signal: hangUp.signal })
    hangUp.abort(new Error('hung up'))
    expect(vi.getTimerCount(), 'timers of somebody who has hung up').toBe(0)
  })
})

describe('Step 4: Who goes first', () => {
  test('lets the most urgent go first, and has a queue for each urgency', async () => {
    const { door, leave } = await occupied({ queue: 2 })
    const quotes = arriveTogether(
      door,
      Array.from({ length: 3 }, () => ({ urgency: 5 })),
    )
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
  })

  test('lets whoever has waited longest go first, now and then', async () => {
    const { door, leave } = await occupied({ fairEvery: 3, queue: 100 })
    const quote = await waiting(door, { urgency: 7 })
    await vi.advanceTimersByTimeAsync(1)
    const bookings = arriveTogether(
      door,
      Array.from({ length: 9 }, () => ({ urgency: 0 })),
    )
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
        visits.push(await waiting(other.door, { urgency }))
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
      ['i, u=6', 6],
      ['u=4;foo=bar,i', 4],
      ['u=7, u=4', 4],
      [['u=7', 'u=5'], 5],
      ['u=6, u=0', 3],
    ]
    for (const [header, urgency] of wishes)
      expect(urgencyOf(header, 3), `Priority: ${String(header)}, on a route with 3`).toBe(urgency)
    for (const header of ['u=5, menu', 'u=5, menu=7', 'u=5, i;u=7'])
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
      'u=high',
      'u',
      'U=5',
      'menu=5',
      'u=6, u=9',
      'u=6, u',
      '',
      ',',
    ]
    for (const header of [...nonsense, 'u;u=6', 'i;u=6'])
      expect(urgencyOf(header, 3), `Priority: ${header}, on a route with 3`).toBe(3)
  })
})

describe('Step 7: No, at once', () => {
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
  })

  test('refuses them as if they had never been there', async () => {
    const { door } = await slow()
    const { signal } = new AbortController()
    const late = arrive(door, { signal, deadline: deadlineAfter(20) })
    await turns()
    expect(late).toMatchObject(refusedBecause('late'))
    expect(door.waiting, 'waiting').toBe(0)
    expect(getEventListeners(signal, 'abort').length, 'listeners of somebody who was refused').toBe(0)
    expect(vi.getTimerCount(), 'timers').toBe(0)
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

    const weighed = await slow({ maxWaitMs: 500 })
    vi.advanceTimersByTime(250)
    weighed.inside.pass?.leave()
    const others = arriveTogether(weighed.door, 8)
    await turns()
    expect(countOf(others, 'waiting'), 'of 50 and 250 a tenth is 70 ms, and 250 are kept back: three').toBe(3)
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
    const quotes = arriveTogether(
      door,
      Array.from({ length: 9 }, () => ({ urgency: 5 })),
    )
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

    const newest = await crowded({ newestFirstAfterMs: 5 }, 500)
    arriveTogether(newest, 4)
    await oneTurn()
    vi.advanceTimersByTime(10)
    const newcomers = arriveTogether(newest, 4)
    await oneTurn()
    expect(statesOf(newcomers), 'the newest goes first: of four two go in, and the others in the next turn').toEqual([
      'waiting',
      'waiting',
      'inside',
      'inside',
    ])

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

describe('Step 9: Bursts, newest first, and early', () => {
  test('lets a burst wait for longer than a queue that stands', async () => {
    const { door, leave } = await occupied({ maxWaitMs: 100, burstMs: 400 })
    const first = await waiting(door)
    await vi.advanceTimersByTimeAsync(399)
    const second = await waiting(door)
    expect(first.state, 'nobody waited when they came: for 400 ms they may, and this is 399').toBe('waiting')
    await vi.advanceTimersByTimeAsync(1)
    expect(first, 'after 400 ms').toMatchObject(refusedBecause('waited'))
    const third = await waiting(door)
    await vi.advanceTimersByTimeAsync(99)
    expect(third.state, 'came to a queue that had stood for 400 ms: for 100 ms they may wait, and this is 99').toBe(
      'waiting',
    )
    await vi.advanceTimersByTimeAsync(1)
    expect(third, 'came to a queue that had stood for 400 ms, 100 ms ago').toMatchObject(refusedBecause('waited'))
    expect(second.state, 'came in its 399th ms, so while it was a burst, and may wait for 400').toBe('waiting')

    leave()
    await turns()
    expect(second.state, 'a place came free in its 101st ms, of 400').toBe('inside')
    second.pass!.leave()
    // Quick ones, by which the estimate of step 7 forgets how long these took.
    for (let i = 0; i < 30; i++) {
      const quick = arrive(door)
      await turns()
      quick.pass!.leave()
    }
    await vi.advanceTimersByTimeAsync(400)
    arrive(door)
    const again = await waiting(door)
    await vi.advanceTimersByTimeAsync(399)
    expect(again.state, 'nobody has been waiting for 400 ms, nor been refused: it is a burst again').toBe('waiting')
  })

  test('takes a queue for a burst whenever nobody was waiting', async () => {
    const { door, leave } = await occupied({ maxWaitMs: 100, burstMs: 400 })
    const first = await waiting(door)
    vi.advanceTimersByTime(10)
    leave()
    await turns()
    expect(first.state, 'the place came free').toBe('inside')
    await vi.advanceTimersByTimeAsync(1_000)
    const second = await waiting(door)
    await vi.advanceTimersByTimeAsync(399)
    expect(second.state, 'all places have been taken for a second, but nobody waited: it is a burst').toBe('waiting')
    first.pass!.leave()
    await turns()
    expect(second.state, 'the place came free').toBe('inside')
    const client = new AbortController()
    await waiting(door, { signal: client.signal })
    await vi.advanceTimersByTimeAsync(200)
    client.abort()
    await vi.advanceTimersByTimeAsync(300)
    const third = await waiting(door)
    await vi.advanceTimersByTimeAsync(399)
    expect(third.state, 'who waited has hung up, so nobody was waiting when this one came: it is a burst').toBe(
      'waiting',
    )

    const stopped = await occupied({ maxWaitMs: 100, burstMs: 400 })
    await waiting(stopped.door, { deadline: deadlineAfter(50) })
    const after: Visit[] = []
    await blocked(500, () => void after.push(arrive(stopped.door)))
    await vi.advanceTimersByTimeAsync(500 + 399)
    expect(statesOf(after), 'the deadline of who waited was over, only their timer was late: it is a burst').toEqual([
      'waiting',
    ])
  })

  test('does not take a queue for a burst that refusals have emptied, until nobody has been refused for a while', async () => {
    const { door } = await occupied({ maxWaitMs: 100, burstMs: 400 })
    await waiting(door)
    await vi.advanceTimersByTimeAsync(400)
    await vi.advanceTimersByTimeAsync(200)
    const second = await waiting(door)
    await vi.advanceTimersByTimeAsync(100)
    expect(second, 'somebody was refused 200 ms ago, and burstMs is 400: they are still out there').toMatchObject(
      refusedBecause('waited'),
    )
    await vi.advanceTimersByTimeAsync(400)
    const third = await waiting(door)
    await vi.advanceTimersByTimeAsync(399)
    expect(third.state, 'for 400 ms nobody has been refused, and nobody was waiting: it is a burst').toBe('waiting')
  })

  test('takes any refusal for one, and a deadline that has passed for none', async () => {
    /** For 400 ms somebody is waiting, and every 10 ms somebody leaves. */
    const standing = async () => {
      const { door, leave } = await occupied({ queue: 2, maxWaitMs: 100, burstMs: 400 })
      let leaveNext = leave
      let next = await waiting(door)
      for (let i = 0; i < 40; i++) {
        const after = await waiting(door)
        await vi.advanceTimersByTimeAsync(10)
        leaveNext()
        await turns()
        leaveNext = next.pass!.leave
        next = after
      }
      return { door, leave: leaveNext }
    }
    const crowded = await standing()
    const client = new AbortController()
    await waiting(crowded.door, { signal: client.signal })
    const full = arrive(crowded.door)
    await turns()
    expect(full, 'the third in a queue for two').toMatchObject(refusedBecause('full'))
    client.abort()
    crowded.leave()
    await turns()
    const next = await waiting(crowded.door)
    await vi.advanceTimersByTimeAsync(100)
    expect(next, 'nobody was waiting, but somebody has just been refused: it still stands').toMatchObject(
      refusedBecause('waited'),
    )

    const others = await standing()
    const late = arrive(others.door, { deadline: deadlineAfter(5) })
    await turns()
    expect(late, 'in 5 ms, where visits take 10').toMatchObject(refusedBecause('late'))
    others.leave()
    await turns()
    const after = await waiting(others.door)
    await vi.advanceTimersByTimeAsync(100)
    expect(after, 'late is a refusal, too').toMatchObject(refusedBecause('waited'))

    const hurried = await standing()
    await waiting(hurried.door, { deadline: deadlineAfter(50) })
    await vi.advanceTimersByTimeAsync(50)
    hurried.leave()
    await turns()
    const other = await waiting(hurried.door)
    await vi.advanceTimersByTimeAsync(399)
    expect(other.state, 'nobody was waiting, and nobody was refused: a deadline is their own').toBe('waiting')
  })

  test('takes a queue for a burst as long as it is young, whoever is refused', async () => {
    const { door } = await occupied({ queue: 2, maxWaitMs: 100, burstMs: 400 })
    const client = new AbortController()
    await waiting(door, { signal: client.signal })
    await waiting(door)
    const full = arrive(door)
    await turns()
    expect(full, 'the third in a queue for two').toMatchObject(refusedBecause('full'))
    client.abort()
    const next = await waiting(door)
    await vi.advanceTimersByTimeAsync(399)
    expect(next.state, 'the queue was a few moments old when they came: for 400 ms they may wait').toBe('waiting')
  })

  test('takes a queue that moves for one that stands', async () => {
    const { door, leave } = await occupied({ maxWaitMs: 100, burstMs: 400 })
    const first = await waiting(door)
    vi.advanceTimersByTime(5)
    await waiting(door)
    vi.advanceTimersByTime(5)
    leave()
    await turns()
    expect(first.state, 'the place came free').toBe('inside')
    await vi.advanceTimersByTimeAsync(389)
    await waiting(door)
    for (const ms of [1, 50]) {
      await vi.advanceTimersByTimeAsync(ms)
      const late = await waiting(door)
      await vi.advanceTimersByTimeAsync(100)
      expect(late, 'somebody has been waiting at every moment of 400 ms, though not the same: 100 ms').toMatchObject(
        refusedBecause('waited'),
      )
    }
  })

  test('has nobody wait for less because of a burst', async () => {
    const { door } = await occupied({ maxWaitMs: 100, burstMs: 50 })
    const visit = await waiting(door)
    await vi.advanceTimersByTimeAsync(99)
    expect(visit.state, 'maxWaitMs is 100, and burstMs less').toBe('waiting')
    await vi.advanceTimersByTimeAsync(1)
    expect(visit).toMatchObject(refusedBecause('waited'))
  })

  test('goes by the patience of a burst when it refuses as they come', async () => {
    const options = { maxWaitMs: 100, burstMs: 400 }
    const { door, leave } = await occupied(options)
    await vi.advanceTimersByTimeAsync(300)
    leave()
    const next = arrive(door)
    await turns()
    expect(next.state).toBe('inside')
    // Visits take 300 ms: whoever is next waits for about so long.
    const first = await waiting(door)
    const second = arrive(door)
    await turns()
    expect(second, 'two visits of 300 ms each, and 400 ms to wait, less 50').toMatchObject(refusedBecause('late'))
    await vi.advanceTimersByTimeAsync(399)
    expect(first.state, 'one visit of 300 ms, and 400 ms to wait, less 50').toBe('waiting')

    const burst = () => crowded({ burstMs: 400 })
    expect(await waitingOf100(await burst()), 'turns of 10 ms, and 400 ms to wait, less half of maxWaitMs: 38').toBe(76)
    expect(await waitingOf100(await burst(), 100), 'a deadline in 100 ms, less half of maxWaitMs: 8').toBe(16)
  })

  test('goes by maxWaitMs again when it refuses as they come to a queue that stands', async () => {
    const { door, leave } = await occupied({ maxWaitMs: 100, burstMs: 400 })
    await vi.advanceTimersByTimeAsync(150)
    leave()
    arrive(door)
    await turns()
    await waiting(door)
    await vi.advanceTimersByTimeAsync(399)
    await waiting(door)
    await vi.advanceTimersByTimeAsync(1)
    const late = arrive(door)
    await turns()
    expect(late, 'two visits of 150 ms each, and 100 ms to wait in a queue that stands').toMatchObject(
      refusedBecause('late'),
    )
  })

  test('has nobody wait beyond their deadline for a burst, nor in a longer queue', async () => {
    const { door, leave } = await occupied({ queue: 2, maxWaitMs: 100, burstMs: 400 })
    const hurried = await waiting(door, { deadline: deadlineAfter(50) })
    const other = await waiting(door)
    const full = arrive(door)
    await turns()
    expect(full, 'a burst, and a queue for two: the third').toMatchObject(refusedBecause('full'))
    await vi.advanceTimersByTimeAsync(50)
    expect(hurried, 'a deadline in 50 ms, in a burst of 400').toMatchObject({
      state: 'refused',
      error: expect.any(TimeoutError),
    })
    leave()
    await turns()
    expect(other.state, 'the place came free').toBe('inside')
    const inTime = await waiting(door)
    const tooLate = arrive(door, { deadline: deadlineAfter(50) })
    await turns()
    expect(tooLate, 'two visits of 50 ms each, and a deadline in 50').toMatchObject(refusedBecause('late'))
    expect(inTime.state, 'two visits of 50 ms each, and 400 ms to wait').toBe('waiting')
  })

  test('lets the newest go first when there has been no pause for too long', async () => {
    const { door, leave } = await occupied({ newestFirstAfterMs: 50, maxWaitMs: 1_000 })
    const [old, middle] = [await waiting(door), await waiting(door)]
    await vi.advanceTimersByTimeAsync(49)
    leave()
    await turns()
    expect(old.state, 'for 49 ms somebody has been waiting: the oldest goes first').toBe('inside')
    const between = await waiting(door)
    const young = await waiting(door)
    await vi.advanceTimersByTimeAsync(1)
    old.pass!.leave()
    await turns()
    between.pass?.leave()
    expect(statesOf([middle, young]), 'for 50 ms: who has just come can still be served in time').toEqual([
      'waiting',
      'inside',
    ])
    young.pass!.leave()
    await turns()
    between.pass?.leave()
    await turns()
    middle.pass?.leave()
    const [first] = [arrive(door), await waiting(door)]
    expect(first.state, 'there was a pause: it begins anew').toBe('inside')
    const [third] = [await waiting(door), await waiting(door)]
    expect(third.state).toBe('waiting')

    const moving = await occupied({ newestFirstAfterMs: 50, maxWaitMs: 1_000 })
    const before = await waiting(moving.door)
    await vi.advanceTimersByTimeAsync(30)
    const two = [await waiting(moving.door), await waiting(moving.door)]
    moving.leave()
    await turns()
    await vi.advanceTimersByTimeAsync(30)
    before.pass!.leave()
    await turns()
    expect(statesOf(two), 'a queue of 60 ms, though nobody in it has waited for so long').toEqual(['waiting', 'inside'])
    two[1]!.pass!.leave()
    const newcomer = arrive(moving.door)
    await turns()
    expect(newcomer.state, 'who has just come is the newest').toBe('inside')
  })

  test('keeps fairEvery when the newest goes first', async () => {
    const { door, leave } = await occupied({ newestFirstAfterMs: 50, maxWaitMs: 1_000, fairEvery: 2 })
    const [longest] = [await waiting(door), await waiting(door)]
    await vi.advanceTimersByTimeAsync(60)
    leave()
    await turns()
    expect(longest.state, 'fairEvery: 2, and this is the second place: whoever has waited longest').toBe('inside')
  })

  test('lets the newest of the most urgent go first, and not the newest of all', async () => {
    const { door, leave } = await occupied({ newestFirstAfterMs: 50, maxWaitMs: 1_000 })
    const booking = await waiting(door, { urgency: 1 })
    await vi.advanceTimersByTimeAsync(5)
    await waiting(door, { urgency: 5 })
    await vi.advanceTimersByTimeAsync(55)
    leave()
    await turns()
    expect(booking.state, 'a booking, and a quote that is newer: the newest of the most urgent').toBe('inside')
  })

  test('has nobody as urgent ahead of a newcomer when the newest goes first', async () => {
    const { door, leave } = await occupied({ newestFirstAfterMs: 50, maxWaitMs: 200, fairEvery: 100 })
    vi.advanceTimersByTime(50)
    leave()
    arrive(door)
    await turns()
    // Visits take 50 ms, and 100 ms are kept back.
    await waiting(door)
    await waiting(door, { urgency: 1 })
    const behind = arrive(door)
    await turns()
    expect(behind, 'two who go first, three visits of 50 ms').toMatchObject(refusedBecause('late'))
    await vi.advanceTimersByTimeAsync(50)
    await waiting(door)
    const booking = await waiting(door, { urgency: 1 })
    const after = arrive(door)
    await turns()
    expect(after, 'the newest goes first, but after two who are more urgent').toMatchObject(refusedBecause('late'))
    expect(booking.state).toBe('waiting')

    const full = await occupied({ newestFirstAfterMs: 50, queue: 3 })
    for (let i = 0; i < 3; i++) await waiting(full.door)
    vi.advanceTimersByTime(50)
    const tooMany = arrive(full.door)
    await turns()
    expect(tooMany, 'the newest goes first, and three of three wait').toMatchObject(refusedBecause('full'))
  })

  test('refuses some early, the more the longer the queue is', async () => {
    let chance = 0.5
    const { door } = await occupied({ queue: 8, earlyFrom: 0.5, random: () => chance, burstMs: 400 })
    for (let i = 0; i < 6; i++) await waiting(door)
    chance = 0.49
    const unlucky = arrive(door)
    await turns()
    expect(unlucky, 'six of eight wait, and from four on: a chance of 1 in 2 to be refused, drawn 0.49').toMatchObject(
      refusedBecause('early'),
    )
    chance = 0.5
    expect((await waiting(door)).state, 'a chance of 1 in 2, drawn 0.5').toBe('waiting')
    chance = 0
    expect((await waiting(door, { urgency: 1 })).state, 'a queue of its own, and empty').toBe('waiting')
    const calm = await occupied({ queue: 10, earlyFrom: 0.5, random: () => chance })
    for (let i = 0; i < 6; i++)
      expect((await waiting(calm.door)).state, 'up to half of the queue, nobody').toBe('waiting')
    const roomy = new Door({ limit: 10, perTurn: 1, queue: 10, earlyFrom: 0, random: () => 0 })
    const crowd = arriveTogether(roomy, 10)
    await turns(20)
    expect(countOf(crowd, 'inside'), 'ten places for ten, who only wait for their turn').toBe(10)
  })
})

describe('Step 10: Nonsense', () => {
  test('refuses options that are out of bounds, by name', () => {
    const nonsense: Record<string, unknown>[] = [
      { limit: 0 },
      { limit: 1.5 },
      { limit: NaN },
      { limit: '64' },
      { limit: null },
      { limit: { places: NaN, learn() {} } },
      { queue: -1 },
      { queue: 1.5 },
      { queue: Infinity },
      { maxWaitMs: -1 },
      { maxWaitMs: NaN },
      { burstMs: -1 },
      { burstMs: NaN },
      { perTurn: 0 },
      { perTurn: 2.5 },
      { fairEvery: 0 },
      { newestFirstAfterMs: 0 },
      { newestFirstAfterMs: NaN },
      { earlyFrom: -0.1 },
      { earlyFrom: 1.1 },
    ]
    for (const options of nonsense) {
      const [name] = Object.keys(options)
      const make = () => new Door({ limit: 1, ...options })
      expect(make, JSON.stringify(options)).toThrow(RangeError)
      expect(make, 'the message names the option').toThrow(name)
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
