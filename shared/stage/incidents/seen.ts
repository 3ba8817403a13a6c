import type { CarrierName } from '../../carriers/tariffs.ts'
import type { ColumnState } from '../column.ts'

/** A second of one side. */
export interface Second {
  atMs: number
  column: ColumnState
}

/** What can be said of a side by its last seconds: as many as its figures are about, ten at most. */
export interface Seen {
  /** It has ended by itself, and whatever is seen of it says nothing more. */
  hasCrashed: boolean
  /** Of those who are no longer waiting, the share that was. NaN when all of them wait. */
  answered: number
  /** Of the same, the share that was given the prices of all carriers. */
  whole: number
  latency: ColumnState['latency']
  waiting: number
  restart: ColumnState['restart']
  /** Parcel's calls to the carrier, whatever made it call. NaN when it has not been able to say. */
  callsPerSecond(carrier: CarrierName): number
  /** NaN until there was a quote. */
  callsPerQuote(carrier: CarrierName): number
  /** Second calls for what is late, as a share of all others; NaN until there was one. */
  hedgeShare: number
  /** Of the greedy customer, if there is one. */
  greedyPerSecond: { asked: number; served: number }
  /** Of whoever prints a price list. */
  sheetPerSecond: number
  /** Of whoever uploads, in these seconds. */
  scansWritten: number
  /** Of a shop's orders: how many were promised, and how many of those are booked, or still owed. */
  orders: { kills: number; promised: number; known: number }
}

const WINDOW_MS = 10_000

/** Parcel's own figures are missing when it was too busy for them, or is not there. */
const isTold = ({ carriers }: ColumnState) => carriers.some(({ breakers }) => breakers.length > 0)

/** @param seconds in their order, one at least */
export function seenOf(seconds: Second[]): Seen {
  const { atMs, column: now } = seconds.at(-1)!
  // A state is about the second that ends with it, which has begun before figures did that are younger.
  const since = atMs - Math.min(now.freshMs, WINDOW_MS)
  const recent = seconds.filter((second) => second.atMs > since)
  const spanS = (atMs - (recent[0]?.atMs ?? atMs)) / 1000 + 1
  const sum = (pick: (column: ColumnState) => number) => recent.reduce((total, { column }) => total + pick(column), 0)
  const of = (what: 'attempts' | 'hedges', carrier?: CarrierName) =>
    sum(({ carriers }) =>
      carriers.reduce((total, each) => total + (each.name === (carrier ?? each.name) ? each[what] : 0), 0),
    )
  // What it could not tell comes with the next figures, so these have to be there.
  const known = (value: number) => (isTold(now) ? value : NaN)
  const { orders } = recent.findLast(({ column }) => column.orders)?.column ?? {}
  const { kills, promised, booked, owed } = orders ?? { kills: 0, promised: 0, booked: 0, owed: 0 }
  const finished = sum(({ arrivals: { ok, partial, failed } }) => ok + partial + failed)
  return {
    hasCrashed: now.parcel.status === 'crashed',
    answered: 1 - sum(({ arrivals }) => arrivals.failed) / finished,
    whole: sum(({ arrivals }) => arrivals.ok) / finished,
    latency: now.latency,
    waiting: now.waiting,
    restart: now.restart,
    callsPerSecond: (carrier) => known(of('attempts', carrier) / spanS),
    callsPerQuote: (carrier) => known(of('attempts', carrier) / sum(({ arrivals }) => arrivals.sent)),
    greedyPerSecond: {
      asked: sum(({ greedy }) => greedy?.asked ?? 0) / spanS,
      served: sum(({ greedy }) => greedy?.served ?? 0) / spanS,
    },
    sheetPerSecond: sum(({ printed }) => printed ?? 0) / spanS,
    scansWritten: sum(({ written }) => written ?? 0),
    orders: { kills, promised, known: Math.min(promised, booked + owed) },
    hedgeShare: known(of('hedges') / (of('attempts') - of('hedges'))),
  }
}
