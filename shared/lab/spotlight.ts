import type { Incident, Point } from '../stage/incidents/incidents.ts'
import { isOfHundred } from '../stage/incidents/of-hundred.ts'
import type { Seen } from '../stage/incidents/seen.ts'
import { drawings, headOf } from '../stage/drawings/drawings.ts'
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
    case 'sentAway':
      return 'Of a hundred honest customers, sent away'
    case 'lacking':
      return 'Of a hundred answers, without all five prices'
    case 'unserved':
      return 'Of a hundred customers, gone without an answer'
    case 'lost':
      return 'Of a hundred bookings, lost'
    case 'forgotten':
      return 'Of a hundred promised bookings, known to nobody'
    case 'callsPerQuote':
      return `Calls to ${point.carrier} for each quote`
  }
}

/** Null until it is known, and for a Parcel that is not there. */
export function numberOf(
  point: Point,
  { hasCrashed, answered, whole, latency, restart, callsPerQuote, orders }: Seen,
): number | null {
  if (hasCrashed) return null
  switch (point.number) {
    case 'failed':
      return restart?.failed ?? null
    case 'sentAway':
    case 'unserved':
    case 'lost':
      return Number.isFinite(answered) ? 100 * (1 - answered) : null
    case 'lacking':
      return Number.isFinite(whole) ? 100 * (1 - whole) : null
    case 'forgotten':
      return orders.kills > 0 ? 100 * (1 - orders.known / orders.promised) : null
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
const FEW = 0.9

const percent = (share: number) => (Number.isFinite(share) ? `${Math.floor(share * 100)} %` : 'nobody yet')

/** What to make of the numbers; of counts, nothing that they do not say themselves. */
function comparison(point: Point, left: Seen, right: Seen, [yours, reference]: (number | null)[]): string {
  const { number } = point
  if (yours === null || reference === null || number === 'failed' || isOfHundred(point)) return ''
  // Who refuses everybody is very fast.
  if (left.answered < FEW || right.answered < FEW)
    return ` Answered: ${percent(left.answered)} on the left, ${percent(right.answered)} on the right.`
  if (number === 'callsPerQuote') return ''
  if (yours! >= reference! * CLEAR) return ` The left takes ${(yours! / reference!).toPrecision(2)} times as long.`
  return reference! >= yours! * CLEAR ? ' The left is the faster one.' : ' Both take about as long.'
}

function lookAt({ look, point }: Incident, left: Seen, right: Seen, numbers: (number | null)[]): string {
  const crashed = [left.hasCrashed && 'left', right.hasCrashed && 'right'].filter(Boolean)
  if (crashed.length > 0) return `Parcel has ended by itself on the ${crashed.join(' and the ')}: d shows what it said.`
  return look(left, right) + comparison(point, left, right, numbers)
}

/** @param isOn whether what is wrong is wrong already */
export function spotlightOn(incident: Incident, isOn: boolean, left: Seen, right: Seen): Spotlight {
  const { id, chapter, title, point, lit } = incident
  const name = headOf(chapter)
  const numbers = [left, right].map((side) => (isOn ? numberOf(point, side) : null))
  const [yours = null, reference = null] = numbers
  const isWorse = left.hasCrashed || left.answered < FEW || (yours ?? 0) > CLEAR * (reference ?? 0)
  return {
    id,
    chapter,
    title,
    ...(name && { drawing: { name, alt: drawings[name]!.alt } }),
    point,
    ...(lit && { lit }),
    isOn,
    what: whatOf(point),
    numbers: { yours, reference },
    isWorse: isOn && isWorse,
    look: isOn ? lookAt(incident, left, right, numbers) : 'Both Parcels are starting …',
  }
}
