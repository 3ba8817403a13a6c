import { Door, type DoorOptions } from '#chapters/08-load-shedding/door.ts'
import { describe, expect, test, vi } from 'vitest'
import { deadlineAfter } from '../../shared/core/deadline.ts'
import { TimeoutError } from '../../shared/core/errors.ts'
import {
  arrive,
  arriveTogether,
  blocked,
  countOf,
  crowded,
  occupied,
  oneTurn,
  refusedBecause,
  statesOf,
  timeIsOurs,
  turns,
  type Visit,
  waiting,
  waitingOf100,
} from '../../shared/testing/visits.ts'

timeIsOurs()

describe('Step 12: Bursts, newest first, and early', () => {
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

  test('does not notice in a burst when somebody sets the wall clock', async () => {
    const { door } = await occupied({ maxWaitMs: 100, burstMs: 400 })
    await waiting(door)
    vi.setSystemTime(Date.now() + 3_600_000)
    const second = await waiting(door)
    await vi.advanceTimersByTimeAsync(399)
    expect(second.state, 'an hour later by the wall clock, and the queue is as young: it is a burst').toBe('waiting')
    await vi.advanceTimersByTimeAsync(1)
    expect(second, 'after 400 ms').toMatchObject(refusedBecause('waited'))
    vi.setSystemTime(Date.now() + 3_600_000)
    const third = await waiting(door)
    await vi.advanceTimersByTimeAsync(100)
    expect(third, 'somebody was refused just now, by a clock that nobody sets: it still stands').toMatchObject(
      refusedBecause('waited'),
    )
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
    await waiting(stopped.door, { urgency: 5, deadline: deadlineAfter(50) })
    const after: Visit[] = []
    await blocked(500, () => void after.push(arrive(stopped.door)))
    await vi.advanceTimersByTimeAsync(399)
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
    await vi.advanceTimersByTimeAsync(200)
    const between = await waiting(door)
    await vi.advanceTimersByTimeAsync(100)
    expect(between, 'the last refusal was 200 ms ago, and the one before it 500: the last counts').toMatchObject(
      refusedBecause('waited'),
    )
    await vi.advanceTimersByTimeAsync(400)
    const third = await waiting(door)
    await vi.advanceTimersByTimeAsync(399)
    expect(third.state, 'for 400 ms nobody has been refused, and nobody was waiting: it is a burst').toBe('waiting')
  })

  test('takes any refusal for one, and a deadline that has passed for none', async () => {
    /** For 400 ms somebody is waiting, and every 10 ms somebody leaves. */
    const standing = async (options: Partial<DoorOptions> = {}) => {
      const { door, leave } = await occupied({ queue: 2, maxWaitMs: 100, burstMs: 400, ...options })
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
    /** The place comes free, and nobody waits any more: whoever comes next has `maxWaitMs`, and no burst's time. */
    const stillStands = async ({ door, leave }: Awaited<ReturnType<typeof standing>>, why: string) => {
      leave()
      await turns()
      const next = await waiting(door)
      await vi.advanceTimersByTimeAsync(100)
      expect(next, why).toMatchObject(refusedBecause('waited'))
    }
    const crowded = await standing()
    const client = new AbortController()
    await waiting(crowded.door, { signal: client.signal })
    const full = arrive(crowded.door)
    await turns()
    expect(full, 'the third in a queue for two').toMatchObject(refusedBecause('full'))
    client.abort()
    await stillStands(crowded, 'nobody was waiting, but somebody has just been refused: it still stands')

    const others = await standing()
    const late = arrive(others.door, { deadline: deadlineAfter(5) })
    await turns()
    expect(late, 'in 5 ms, where visits take 10').toMatchObject(refusedBecause('late'))
    await stillStands(others, 'late is a refusal, too')

    let chance = 0.99
    const lucky = await standing({ earlyFrom: 0, random: () => chance })
    chance = 0
    const early = arrive(lucky.door)
    await turns()
    expect(early, 'one of two waits: a chance of 1 in 2, drawn 0').toMatchObject(refusedBecause('early'))
    await stillStands(lucky, 'early is a refusal, too')

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

    const { door: other, leave } = await occupied({ maxWaitMs: 100, burstMs: 400 })
    vi.advanceTimersByTime(50)
    leave()
    arrive(other)
    await turns()
    const late = arrive(other, { deadline: deadlineAfter(5) })
    await turns()
    expect(late, 'in 5 ms, where visits take 50').toMatchObject(refusedBecause('late'))
    await vi.advanceTimersByTimeAsync(399)
    await waiting(other)
    await vi.advanceTimersByTimeAsync(1)
    const second = await waiting(other)
    await vi.advanceTimersByTimeAsync(399)
    expect(second.state, 'somebody was refused 400 ms before they came, but somebody has waited for one only').toBe(
      'waiting',
    )
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
      const booking = await waiting(door, { urgency: 1 })
      await vi.advanceTimersByTimeAsync(100)
      expect(late, 'somebody has been waiting at every moment of 400 ms, though not the same: 100 ms').toMatchObject(
        refusedBecause('waited'),
      )
      expect(booking, 'there is one age for all urgencies, also for the first booking of them').toMatchObject(
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

    for (const burstMs of [400, 0]) {
      const emptied = await occupied({ newestFirstAfterMs: 50, maxWaitMs: 100, burstMs })
      const brief = await waiting(emptied.door)
      await vi.advanceTimersByTimeAsync(burstMs || 100)
      expect(brief, 'the only one who waited').toMatchObject(refusedBecause('waited'))
      const [older, newer] = [await waiting(emptied.door), await waiting(emptied.door)]
      emptied.leave()
      await turns()
      expect(
        statesOf([older, newer]),
        burstMs > 0
          ? 'a queue that a refusal has just emptied has not gone away: it is 400 ms old, and the newest goes first'
          : 'nobody was waiting, and burstMs is 0: it begins anew, whenever somebody was refused',
      ).toEqual(burstMs > 0 ? ['waiting', 'inside'] : ['inside', 'waiting'])
    }
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
    arrive(door, { urgency: 5 })
    await turns()
    expect(booking.state, 'a booking, and two quotes that are newer: the newest of the most urgent').toBe('inside')
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

    const newest = await crowded({ newestFirstAfterMs: 5 }, 500)
    arriveTogether(newest, 4)
    await oneTurn()
    vi.advanceTimersByTime(10)
    const newcomers = arriveTogether(newest, 4)
    await oneTurn()
    expect(
      statesOf(newcomers),
      'a turn took 500 ms, and the newest goes first: of four two go in, and the others in the next turn',
    ).toEqual(['waiting', 'waiting', 'inside', 'inside'])

    const full = await occupied({ newestFirstAfterMs: 50, queue: 3 })
    for (let i = 0; i < 3; i++) await waiting(full.door)
    vi.advanceTimersByTime(50)
    const tooMany = arrive(full.door)
    await turns()
    expect(tooMany, 'the newest goes first, and three of three wait').toMatchObject(refusedBecause('full'))

    const cut = await occupied({ newestFirstAfterMs: 50, queue: 3 })
    for (let i = 0; i < 2; i++) await waiting(cut.door)
    vi.advanceTimersByTime(50)
    const one = arrive(cut.door)
    vi.advanceTimersByTime(1)
    const two = arrive(cut.door)
    await turns()
    expect(statesOf([one, two]), 'the newest goes first, and is the first to be cut, as before').toEqual([
      'waiting',
      'refused',
    ])

    const slowly = await occupied({ limit: 20, perTurn: 1, queue: 0, newestFirstAfterMs: 50, burstMs: 1_000 })
    const waitingForTheirTurn = arriveTogether(slowly.door, 5)
    await oneTurn()
    vi.advanceTimersByTime(50)
    const crowd = arriveTogether(slowly.door, 20)
    await oneTurn()
    expect(
      countOf([...waitingForTheirTurn, ...crowd], 'refused'),
      'the newest goes first, but of 25 with nineteen places and no queue six are too many',
    ).toBe(6)
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
    for (const urgency of [1, 5])
      expect((await waiting(door, { urgency })).state, 'a queue of its own, and empty').toBe('waiting')
    const calm = await occupied({ queue: 10, earlyFrom: 0.5, random: () => chance })
    for (let i = 0; i < 6; i++)
      expect((await waiting(calm.door)).state, 'up to half of the queue, nobody').toBe('waiting')
    const atOnce = await occupied({ queue: 8, earlyFrom: 0.5, random: () => 0 })
    const ten = arriveTogether(atOnce.door, 10)
    await turns()
    expect(countOf(ten, 'waiting'), 'of ten in one turn: the sixth finds five of eight, and one more than half').toBe(5)

    const odd = await occupied({ queue: 5, earlyFrom: 0.5, random: () => chance })
    for (let i = 0; i < 3; i++) await waiting(odd.door)
    chance = 0.19
    const third = arrive(odd.door)
    await turns()
    expect(third, 'three of five wait, and from 2.5 on: a chance of 1 in 5, drawn 0.19').toMatchObject(
      refusedBecause('early'),
    )
    chance = 0.2
    expect((await waiting(odd.door)).state, 'a chance of 1 in 5, drawn 0.2').toBe('waiting')

    const draws: number[] = []
    const each = await occupied({ queue: 4, earlyFrom: 0, random: () => draws.shift() ?? 0.9 })
    for (let i = 0; i < 2; i++) await waiting(each.door, { urgency: 0 })
    draws.push(0.4)
    const two = arriveTogether(each.door, 2, { urgency: 0 })
    await turns()
    expect(statesOf(two), 'two in one turn, a chance of 1 in 2 for each, drawn 0.4 and 0.9').toEqual([
      'refused',
      'waiting',
    ])

    const newest = await occupied({ queue: 8, earlyFrom: 0.5, random: () => 0, newestFirstAfterMs: 50 })
    for (let i = 0; i < 5; i++) await waiting(newest.door)
    vi.advanceTimersByTime(50)
    const sixth = arrive(newest.door)
    await turns()
    expect(sixth, 'the newest goes first, and five of eight wait').toMatchObject(refusedBecause('early'))

    const shared = new Door({ limit: 3, perTurn: 1, queue: 4, earlyFrom: 0.5, random: () => 0 })
    const bookings = arriveTogether(shared, 3, { urgency: 1 })
    const quotes = arriveTogether(shared, 6, { urgency: 5 })
    await oneTurn()
    expect(
      { bookings: countOf(bookings, 'waiting'), quotes: countOf(quotes, 'waiting') },
      'perTurn: 1, and the two places that are free are for bookings: of four quotes without a place half may wait, and one',
    ).toEqual({ bookings: 2, quotes: 3 })

    const roomy = new Door({ limit: 10, perTurn: 1, queue: 10, earlyFrom: 0, random: () => 0 })
    const crowd = arriveTogether(roomy, 10)
    await turns(20)
    expect(countOf(crowd, 'inside'), 'ten places for ten, who only wait for their turn').toBe(10)
  })
})
