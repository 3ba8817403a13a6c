import type { FaultKind } from '../carriers/faults.ts'
import { CARRIER_NAMES } from '../carriers/tariffs.ts'
import type { Answer } from '../stage/raw.ts'
import { complaintsAbout, reasonsIn, ROUTES, type Route } from './answers.ts'

export const SCOPES = ['one replica', 'one carrier', 'all carriers'] as const
export type Scope = (typeof SCOPES)[number]

interface Rule {
  /** Of a route that needs this carrier. */
  status: 502 | 503 | 504
  reason: string
  /** The headers are fine, so a stream begins; what becomes of it the reader sees. */
  begins?: true
}

const late = { status: 504, reason: 'timeout' } as const
const cut = { status: 503, reason: 'reset', begins: true } as const

/** What a fault of the whole carrier looks like from Parcel's other side. */
const RULES: Record<FaultKind, Rule> = {
  // Reset, if it meets a connection that was just being used.
  refused: { status: 503, reason: 'refused|reset' },
  blackhole: late,
  'slow-headers': late,
  'dripping-body': { ...late, begins: true },
  'truncated-body': cut,
  reset: cut,
  'malformed-json': { status: 502, reason: 'bad-answer', begins: true },
  'huge-body': { status: 502, reason: 'too-large', begins: true },
  '5xx': { status: 503, reason: 'status-503' },
  '429': { status: 503, reason: 'status-429' },
  'stuck-after-half-open': { status: 503, reason: 'status-503' },
}

interface Expected {
  status: number
  /** One for each carrier that is to be missing. */
  reasons: RegExp[]
}

/** The replicas stand in for each other, a carrier only for itself, and the probes ask nobody. */
export function expected(route: Route, scope: Scope, kind: FaultKind): Expected {
  const { status, reason, begins } = RULES[kind]
  const success = { status: ROUTES[route].success, reasons: [] }
  if (scope === 'one replica' || /livez|readyz|metrics|scans/.test(route)) return success
  if (route === 'GET /shipments/:id/events' && begins) return success
  const reasonOf = (carrier: string) => new RegExp(`^${carrier} (${reason})$`)
  if (route !== 'GET /quotes') return { status, reasons: [reasonOf('pigeon')] }
  if (scope === 'one carrier') return { ...success, reasons: [reasonOf('pigeon')] }
  return { status: status === 504 ? 504 : 503, reasons: CARRIER_NAMES.map(reasonOf) }
}

/** What is wrong with an answer under a fault. */
export function compare(
  answer: Answer,
  { route, scope, kind }: { route: Route; scope: Scope; kind: FaultKind },
): string[] {
  const complaints = complaintsAbout(route, answer)
  const { status, reasons } = expected(route, scope, kind)
  const got = reasonsIn(answer)
  if (answer.status !== status) complaints.push(`expected ${status}, got ${answer.status}: ${answer.body}`)
  const isAsExpected = got.length === reasons.length && reasons.every((reason) => got.some((it) => reason.test(it)))
  if (!isAsExpected)
    complaints.push(`expected ${reasons.join(' ') || 'nobody missing'}, got ${got.join(', ') || 'none'}`)
  const isWhole = route === 'GET /shipments/:id/events' && answer.status === 200 && !RULES[kind].begins
  if (isWhole && !answer.body.includes('"status":"booked"')) complaints.push(`the stream began with ${answer.body}`)
  return complaints
}
