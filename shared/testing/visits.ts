import { Door, type DoorOptions, type Pass, type Visitor } from '#chapters/08-load-shedding/door.ts'
import { afterEach, beforeEach, expect, vi } from 'vitest'
import { deadlineAfter } from '../core/deadline.ts'
import { OverloadError } from '../core/errors.ts'
import { clockLeaps, holdBothClocks } from './clock.ts'
import { promisesSettle } from './outcome.ts'

/** Time is in the test's hand, the turns of the event loop are real; whoever still waits at the end goes home. */
export function timeIsOurs(): void {
  beforeEach(holdBothClocks)
  afterEach(async () => {
    await vi.advanceTimersByTimeAsync(10_000)
  })
}

/** What has become of somebody who came. */
export interface Visit {
  state: 'waiting' | 'inside' | 'refused'
  pass?: Pass
  error?: unknown
}

export function arrive(door: Door, visitor?: Visitor): Visit {
  const visit: Visit = { state: 'waiting' }
  expect(() => {
    door.enter(visitor).then(
      (pass) => Object.assign(visit, { state: 'inside', pass }),
      (error: unknown) => Object.assign(visit, { state: 'refused', error }),
    )
  }, 'enter threw, where its caller expects a promise').not.toThrow()
  return visit
}
export const arriveTogether = (door: Door, visitors: number | Visitor[], each?: Visitor) =>
  (typeof visitors === 'number' ? Array.from({ length: visitors }, () => each) : visitors).map((visitor) =>
    arrive(door, visitor),
  )

/** The end of a turn of the event loop, and of those that it takes until nobody has anything left to do. */
export const oneTurn = promisesSettle
export async function turns(count = 5): Promise<void> {
  for (let i = 0; i < count; i++) await oneTurn()
}

export const statesOf = (visits: Visit[]) => visits.map(({ state }) => state)
export const countOf = (visits: Visit[], state: Visit['state']) =>
  visits.filter((visit) => visit.state === state).length
export const refusedBecause = (because: string) => ({
  state: 'refused',
  error: expect.objectContaining({ code: 'OVERLOADED', because }),
})

/** A door with one place, which is taken; `leave` gives it back. */
export async function occupied(options: Partial<DoorOptions> = {}) {
  const door = new Door({ limit: 1, ...options })
  const visit = arrive(door)
  await turns()
  expect(visit.state, 'one place, one visitor: whoever comes to an empty house is let in, a turn later').toBe('inside')
  return { door, leave: () => visit.pass!.leave() }
}

/** Somebody for whom there is no place: naive code lets them in. */
export async function waiting(door: Door, visitor?: Visitor): Promise<Visit> {
  const visit = arrive(door, visitor)
  await turns()
  const { error } = visit
  const expected =
    error instanceof OverloadError
      ? `somebody who may wait here, and was refused as '${error.because}'`
      : 'whoever finds all places taken waits: that is step 1'
  expect(visit.state, expected).toBe('waiting')
  return visit
}

/** There is room for everybody, but two go in in a turn, and for some turns each took 10 ms. */
export async function crowded(options: Partial<DoorOptions> = {}, turnMs = 10) {
  const door = new Door({ limit: 1_000, queue: 1_000, perTurn: 2, maxWaitMs: 40, ...options })
  await takingTurns(door, 60, turnMs)
  return door
}
/** In each two go in, until the next, and two more are left for that; after the last nobody is inside. */
export async function takingTurns(door: Door, count: number, turnMs: number): Promise<void> {
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
export async function waitingOf100(door: Door, haveMs = Infinity): Promise<number> {
  const visits = arriveTogether(door, 100, { deadline: deadlineAfter(haveMs) })
  await oneTurn()
  expect(countOf(visits, 'inside'), 'perTurn: 2, so of those who come in one turn two go in at its end').toBe(2)
  for (const visit of visits.filter(({ state }) => state === 'refused'))
    expect(visit, 'there are places for all of them, and no turn').toMatchObject(refusedBecause('late'))
  return countOf(visits, 'waiting')
}

/** The loop has been blocked for so long, and then comes to its work: timers are so late from then on. */
export async function blocked(ms: number, work: () => void): Promise<void> {
  clockLeaps(ms)
  work()
  await turns()
}
