import type { Incident, Point } from '../stage/incidents/incidents.ts'
import type { Seen } from '../stage/incidents/seen.ts'
import type { Spotlight } from './state.ts'

/** What the number is, in words for whoever has just come in. */
function whatOf(point: Point): string {
  switch (point.number) {
    case 'p50Ms':
      return 'Half of the quotes take longer than, in ms'
    case 'p99Ms':
      return 'The slowest quote of a hundred, in ms'
    case 'failed':
      return 'Requests that failed in the deploy'
    case 'callsPerQuote':
      return `Calls to ${point.carrier} for each quote`
  }
}

/** Null until it is known. */
export function numberOf(point: Point, { latency, restart, callsPerQuote }: Seen): number | null {
  switch (point.number) {
    case 'failed':
      return restart?.failed ?? null
    case 'callsPerQuote': {
      const calls = callsPerQuote(point.carrier)
      return Number.isFinite(calls) ? calls : null
    }
    default:
      return latency[point.number] || null
  }
}

/** From there on, a difference is one; below, it may be chance. */
const CLEAR = 1.5

/** For times only: counts and calls speak for themselves. */
function comparison({ number }: Point, left: number | null, right: number | null): string {
  if (left === null || right === null || (number !== 'p50Ms' && number !== 'p99Ms')) return ''
  if (left >= right * CLEAR) return ` The left takes ${(left / right).toPrecision(2)} times as long.`
  return right >= left * CLEAR ? ' The left is the faster one.' : ' Both take about as long.'
}

/** @param isOn whether what is wrong is wrong already */
export function spotlightOn(
  { id, chapter, title, point, lit, look }: Incident,
  isOn: boolean,
  left: Seen,
  right: Seen,
) {
  const numbers = { yours: numberOf(point, left), reference: numberOf(point, right) }
  const spotlight: Spotlight = {
    id,
    chapter,
    title,
    point,
    ...(lit && { lit }),
    isOn,
    what: whatOf(point),
    numbers: isOn ? numbers : { yours: null, reference: null },
    look: isOn
      ? look(left, right) + comparison(point, numbers.yours, numbers.reference)
      : 'Both Parcels are starting …',
  }
  return spotlight
}
