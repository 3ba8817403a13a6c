import type { CarrierName } from '../../carriers/tariffs.ts'
import type { ColumnState } from '../column.ts'

/** A second of one side. */
export interface Second {
  atMs: number
  column: ColumnState
}

/** What can be said of a side by its last seconds: as many as its figures are about, ten at most. */
export interface Seen {
  latency: ColumnState['latency']
  waiting: number
  restart: ColumnState['restart']
  /** Parcel's calls to the carrier, whatever made it call. */
  callsPerSecond(carrier: CarrierName): number
  /** NaN until there was a quote. */
  callsPerQuote(carrier: CarrierName): number
  /** Second calls for what is late, as a share of all others; NaN until there was one. */
  hedgeShare: number
}

const WINDOW_MS = 10_000

/** @param seconds in their order, one at least */
export function seenOf(seconds: Second[]): Seen {
  const { atMs, column: now } = seconds.at(-1)!
  // A state is about the second that ends with it, which has begun before figures did that are younger.
  const since = atMs - Math.min(now.freshMs, WINDOW_MS)
  const within = seconds.filter((second) => second.atMs > since)
  const spanS = (atMs - (within[0]?.atMs ?? atMs)) / 1000 + 1
  const recent = within.map(({ column }) => column)
  const sum = (pick: (column: ColumnState) => number) => recent.reduce((total, column) => total + pick(column), 0)
  const of = (what: 'attempts' | 'hedges', carrier?: CarrierName) =>
    sum(({ carriers }) =>
      carriers.reduce((total, each) => total + (each.name === (carrier ?? each.name) ? each[what] : 0), 0),
    )
  return {
    latency: now.latency,
    waiting: now.waiting,
    restart: now.restart,
    callsPerSecond: (carrier) => of('attempts', carrier) / spanS,
    callsPerQuote: (carrier) => of('attempts', carrier) / sum(({ arrivals }) => arrivals.sent),
    hedgeShare: of('hedges') / (of('attempts') - of('hedges')),
  }
}
