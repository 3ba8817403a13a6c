import { STATUS_CODES } from 'node:http'
import { type TSchema, Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { CARRIER_NAMES } from '../carriers/tariffs.ts'
import { BookedShipment, Quotes, Shipment, Uploaded } from '../service/schemas.ts'
import type { Answer } from '../stage/raw.ts'

const json = (shape: TSchema) => ({ type: 'application/json', shape: Compile(shape) })
const health = json(Type.Object({ status: Type.Literal('ok') }))

/** Parcel's routes, and what each says when all is well. */
export const ROUTES = {
  'GET /quotes': { success: 200, ...json(Quotes) },
  'POST /shipments': { success: 201, ...json(BookedShipment) },
  'GET /shipments/:id': { success: 200, ...json(Shipment) },
  'GET /shipments/:id/events': { success: 200, type: 'text/event-stream', shape: undefined },
  'POST /scans': { success: 200, ...json(Uploaded) },
  'GET /livez': { success: 200, ...health },
  'GET /readyz': { success: 200, ...health },
  'GET /metrics': { success: 200, type: 'text/plain', shape: undefined },
} as const

export type Route = keyof typeof ROUTES
export const routes = Object.keys(ROUTES) as Route[]

const Problem = Compile(
  Type.Object({
    type: Type.Literal('about:blank'),
    title: Type.String({ minLength: 1 }),
    status: Type.Integer(),
    detail: Type.String({ minLength: 1 }),
  }),
)

/** What is wrong with the form of an answer, whatever it says; nothing is what one hopes for. */
export function complaintsAbout(route: Route, answer: Answer): string[] {
  const { status, headers, body } = answer
  if (status >= 400) return problemComplaints(answer)
  const { success, type, shape } = ROUTES[route]
  if (status !== success) return [`a status of ${status}, which ${route} never has`]
  if (!String(headers['content-type']).startsWith(type)) return [`the content type ${String(headers['content-type'])}`]
  if (!shape) return []
  const value = parse(body)
  if (!shape.Check(value)) return [`not the agreed shape: ${body.slice(0, 200)}`]
  return route === 'GET /quotes' ? quotesComplaints(value as Quotes) : []
}

/** RFC 9457, and for a 503 when to come back. */
export function problemComplaints({ status, headers, body }: Answer): string[] {
  const value = parse(body)
  const complaints: string[] = []
  if (!String(headers['content-type']).startsWith('application/problem+json'))
    complaints.push(`${status} with the content type ${String(headers['content-type'])}`)
  if (!Problem.Check(value)) complaints.push(`${status} without a problem's members: ${body.slice(0, 200)}`)
  else if (value.status !== status || value.title !== STATUS_CODES[status])
    complaints.push(`${status}, but the body says ${value.status} ${value.title}`)
  if (status === 503 && !/^[1-9]\d*$/.test(String(headers['retry-after']))) complaints.push('503 without Retry-After')
  return complaints
}

function quotesComplaints({ quotes, missing }: Quotes): string[] {
  const names = [...quotes, ...missing].map(({ carrier }) => carrier).toSorted()
  if (names.join() !== CARRIER_NAMES.toSorted().join()) return [`not each carrier once: ${names.join(', ')}`]
  const isSorted = quotes.every(({ cents }, index) => index === 0 || quotes[index - 1]!.cents <= cents)
  return isSorted ? [] : ['not the cheapest first']
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Why carriers are missing, or the one that was asked did not do it: `pigeon timeout`. */
export function reasonsIn({ body }: Answer): string[] {
  const { missing, carrier, reason } = (parse(body) ?? {}) as Partial<Quotes & { carrier: string; reason: string }>
  if (missing) return missing.map(({ carrier, reason }) => `${carrier} ${reason}`)
  return reason ? [`${carrier} ${reason}`] : []
}
